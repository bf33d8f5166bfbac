"""Databases of the Postgres that `scripts/postgres` runs beside the tests."""

import os
import subprocess
from pathlib import Path


def create_database(name: str) -> tuple[str, str]:
    """Creates a database; returns its URLs, directly and by PgBouncer, for a container in which
    `localhost` is this machine."""
    server = os.environ["FAREBOX_TEST_POSTGRES"]
    psql = Path(os.environ["FAREBOX_TEST_POSTGRES_BIN"], "psql")
    command = [psql, "--quiet", f"--command=CREATE DATABASE {name}", f"{server}/postgres"]
    subprocess.run(command, check=True)
    direct, pooled = [
        f"{url.replace('127.0.0.1', 'localhost')}/{name}"
        for url in [server, os.environ["FAREBOX_TEST_PGBOUNCER"]]
    ]
    return direct, pooled
