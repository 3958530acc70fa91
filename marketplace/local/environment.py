"""`.local/env`: how a developer's checkout is configured, written by `manage.py up` for all commands."""

import os
import secrets
from pathlib import Path

from marketplace.local import places, servers

FILE = places.LOCAL / "env"


def own_database_url() -> str:
    return servers.database_url(places.sockets_folder("postgres"))


def own_redis_url() -> str:
    return servers.redis_url(valkey_socket())


def valkey_socket() -> Path:
    return places.sockets_folder("valkey") / "valkey.sock"


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


def has_own_postgres() -> bool:
    """Whether this checkout brings its own Postgres, rather than using one that somebody named."""
    return os.environ.get("DATABASE_URL") == own_database_url()


def has_own_valkey() -> bool:
    return os.environ.get("REDIS_URL") == own_redis_url()


def own_postgres_is_down() -> bool:
    return has_own_postgres() and not servers.postgres_answers(places.sockets_folder("postgres"))


def port() -> int:
    """Where the site listens: PORT, else 8000."""
    asked = os.environ.get("PORT") or "8000"
    if not asked.isdecimal() or not 0 < int(asked) < 65536:
        raise places.UnsuitableError(f"PORT is a number from 1 to 65535, not {asked!r}.")
    return int(asked)


def with_these(changes: dict[str, str]) -> dict[str, str]:
    """Our environment for a child, which is to print each line as it comes."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", **changes}


def _noted() -> dict[str, str]:
    lines = FILE.read_text().splitlines() if FILE.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _note(values: dict[str, str]) -> None:
    unfinished = FILE.with_name("env.unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    unfinished.replace(FILE)
