"""The parts of the supervisor that look after strangers, leftovers and bad folders."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from marketplace.local import leftovers, places
from marketplace.local.processes import Child

FOR_EVER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper() -> Iterator[Child]:
    child = Child("sleeper", FOR_EVER, output=subprocess.DEVNULL)
    child.start()
    yield child
    child.kill()


@pytest.fixture
def said() -> list[str]:
    return []


class TestLeftovers:
    def test_a_remembered_child_is_stopped(self, sleeper, said, tmp_path):
        leftovers.remember(sleeper, tmp_path / "children.json")

        leftovers.stop_all(said.append, None, tmp_path / "children.json")

        assert not sleeper.is_running()
        assert said == [f"Stopping process {sleeper.pid}, left behind by an earlier run."]

    def test_a_stranger_with_the_number_of_a_child_is_left_alone(self, sleeper, said, tmp_path):
        file = tmp_path / "children.json"
        leftovers.remember(sleeper, file)
        [record] = json.loads(file.read_text())
        file.write_text(json.dumps([{**record, "born": record["born"] - 3600}]))

        leftovers.stop_all(said.append, None, file)

        assert sleeper.is_running()
        assert said == []

    def test_a_lock_of_postgres_that_names_a_stranger_is_removed(self, sleeper, said, tmp_path):
        place = places.Place(None, tmp_path, tmp_path, tmp_path)
        (tmp_path / "postmaster.pid").write_text(f"{sleeper.pid}\n{tmp_path}\n")

        leftovers.stop_all(said.append, place, tmp_path / "children.json")

        assert sleeper.is_running()
        assert not (tmp_path / "postmaster.pid").exists()


class TestPrivateFolder:
    def test_is_for_its_owner_only(self, tmp_path):
        folder = places.private_folder(tmp_path / "private", None)

        assert folder.stat().st_mode & 0o777 == 0o700

    def test_refuses_a_link_that_somebody_put_there(self, tmp_path):
        (tmp_path / "elsewhere").mkdir(mode=0o755)
        (tmp_path / "private").symlink_to(tmp_path / "elsewhere")

        with pytest.raises(places.UnsuitableError, match="belongs to somebody else"):
            places.private_folder(tmp_path / "private", None)

        assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_a_child_dies_with_its_parent(tmp_path):
    script = (
        "import sys, time; from marketplace.local.processes import Child;"
        f"child = Child('x', {FOR_EVER!r}, output=-3); child.start();"
        "print(child.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.communicate()

    child.wait(10)


def test_sockets_have_short_paths(tmp_path):
    folder = places.sockets_folder("postgres", tmp_path / ("long" * 50) / ".local")

    assert len(os.fsencode(folder / ".s.PGSQL.5432.lock")) <= 103
