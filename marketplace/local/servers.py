"""How the two servers are started, and how one knows that they answer."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from marketplace.local import places
from marketplace.local.processes import Child, Output

USER = "switchyard"
# Nobody else can enter the folder of the sockets, so the servers trust whoever comes through it.
_INITDB = ["-U", USER, "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
_QUICK_BUT_FORGETFUL = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"]


def database_url(sockets: Path, database: str = USER) -> str:
    return f"postgresql://{USER}@/{database}?host={sockets}"


def redis_url(socket_path: Path) -> str:
    return f"redis+socket://{socket_path}"


def initdb(place: places.Place, output: Output = subprocess.PIPE, *, forgetful: bool = False) -> Child:
    """The step that makes a data folder: beside its final place, so that a broken run leaves nothing."""
    unfinished = _unfinished(place)
    shutil.rmtree(unfinished, ignore_errors=True)
    places.private_folder(unfinished, place.owner)
    command: list[str | Path] = [place.binaries / "initdb", "-D", unfinished, "--no-instructions", *_INITDB]
    return Child("initdb", [*command, *["--no-sync"] * forgetful], owner=place.owner, output=output)


def keep_data(place: places.Place) -> None:
    _unfinished(place).rename(place.data)


def _unfinished(place: places.Place) -> Path:
    return place.data.with_name(place.data.name + ".unfinished")


def postgres(place: places.Place, output: Output = subprocess.PIPE, *, forgetful: bool = False) -> Child:
    """PostgreSQL behind a socket only. SIGINT is its fast shutdown: clients are cut off, nothing is lost."""
    settings = ["listen_addresses=", f"unix_socket_directories={place.sockets}", "log_checkpoints=off"]
    settings += _QUICK_BUT_FORGETFUL if forgetful else []
    command: list[str | Path] = [
        place.binaries / "postgres",
        "-D",
        place.data,
        *(f"--{setting}" for setting in settings),
    ]
    return Child(
        "postgres", command, owner=place.owner, stop_with=signal.SIGINT, patience_s=60, output=output
    )


def valkey(socket_path: Path, output: Output = subprocess.PIPE) -> Child:
    """Valkey behind a socket only. It keeps nothing: Postgres is the record, this only rings the bell."""
    socket_path.unlink(missing_ok=True)
    options = f"--port 0 --unixsocket {socket_path} --unixsocketperm 700 --appendonly no --loglevel warning"
    command: list[str | Path] = [
        places.valkey_binary(),
        *options.split(),
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
    ]
    return Child("valkey", command, patience_s=5, output=output)


def postgres_is_ready(place: places.Place, postgres: Child) -> bool:
    """As it says itself in its lock file; not while it recovers from a crash."""
    try:
        said = (place.data / "postmaster.pid").read_text().split()
    except FileNotFoundError:
        return False
    # The file is empty for a moment while it is being written.
    return said[:1] == [str(postgres.pid)] and said[-1:] == ["ready"]


def postgres_answers(sockets: Path) -> bool:
    try:
        psycopg.connect(database_url(sockets, "postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def valkey_answers(socket_path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(2)
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def make_database(sockets: Path, database: str = USER) -> None:
    """Create the database unless it is there."""
    with psycopg.connect(database_url(sockets, "postgres"), autocommit=True, connect_timeout=5) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
