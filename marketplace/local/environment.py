"""`.local/env`: how a developer's checkout is configured, written by `manage.py up` for all commands."""

import os
import secrets
from pathlib import Path

from marketplace.local import places, servers

FILE = places.LOCAL / "env"


def own_database_url() -> str:
    return servers.database_url(places.sockets_folder())


def own_redis_url() -> str:
    return servers.redis_url(valkey_socket())


def valkey_socket() -> Path:
    return places.sockets_folder() / "valkey.sock"


def prepare() -> None:
    """Complete the environment for development and note it down. What is set already wins."""
    places.LOCAL.mkdir(exist_ok=True)
    values = {
        "DEVELOPMENT": "1",
        "SECRET_KEY": _noted().get("SECRET_KEY") or secrets.token_urlsafe(50),
        "DATABASE_URL": own_database_url(),
        "REDIS_URL": own_redis_url(),
    }
    os.environ.update({name: os.environ.get(name) or value for name, value in values.items()})
    _note({name: os.environ[name] for name in values})


def own_postgres_is_down() -> bool:
    """Whether commands are meant to find the database of `manage.py up`, and it does not run."""
    if os.environ.get("DATABASE_URL") != own_database_url():
        return False
    return not servers.postgres_answers(places.sockets_folder())


def _noted() -> dict[str, str]:
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _note(values: dict[str, str]) -> None:
    unfinished = FILE.with_name("env.unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    unfinished.replace(FILE)
