#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from marketplace.local import environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    if sys.argv[1:2] == ["up"]:  # settings want to know the servers that it is about to start
        environment.prepare()
    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        if environment.own_postgres_is_down():
            sys.exit("Postgres does not run: start bin/up in another terminal, or set DATABASE_URL.")
        raise


if __name__ == "__main__":
    main()
