"""Databases with few and with many orders, in SQLite and in Postgres."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.events import EVENT, INTENT, NUMBER, ORDER
from bench.subjects import Subject
from bench.surroundings import Surroundings

NUMBERS = (
    "WITH RECURSIVE numbers(n) AS "
    "(SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)"
)

#: Unpaid orders: copies of one.
ORDERS = f"""
    {NUMBERS}
    INSERT INTO orders (id, version, intent, status, body, updated_at)
    SELECT replace(id, :number, printf('%09d', n)), version,
           replace(:intent, :number, printf('%09d', n)), status,
           replace(replace(body, intent, replace(:intent, :number, printf('%09d', n))), :id,
                   replace(id, :number, printf('%09d', n))),
           updated_at
    FROM numbers, one.orders
"""

#: For each order a recent event. Its id sorts between those of the events to come.
EVENTS = f"""
    {NUMBERS}
    INSERT INTO events (id, type, outcome, received_at)
    SELECT replace(:event, :number, printf('%09d', n)) || 'a', 'payment_intent.created', 'applied',
           strftime('%s', 'now')
    FROM numbers
"""

#: For each order a recently delivered message, with an id like any other digest.
OUTBOX = f"""
    {NUMBERS}
    INSERT INTO outbox (id, type, body, state, created_at, due_at, delivered_at)
    SELECT printf('msg_%08x%024d', n * 2654435761 % 4294967296, n), 'order.payment_failed',
           printf('{{"type":"order.payment_failed","orderId":"%s","note":"%0200d"}}',
                  replace(:id, :number, printf('%09d', n)), n),
           'delivered', strftime('%s', 'now'), strftime('%s', 'now'), strftime('%s', 'now')
    FROM numbers
"""


def fill(around: Surroundings, path: Path, count: int) -> None:
    """Creates a file with so many unpaid orders, and a shop's usual events and messages before
    them."""
    copy(around.sqlite, path)
    names = {"count": count, "number": NUMBER, "intent": INTENT, "id": ORDER, "event": EVENT}
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.execute("PRAGMA cache_size = -400000")
        file.execute("ATTACH ? AS one", [str(around.sqlite)])
        file.execute("BEGIN")
        file.execute("DELETE FROM main.orders")
        for statement in [ORDERS, EVENTS, OUTBOX]:
            file.execute(statement, names)
        file.execute("COMMIT")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy(source: Path, path: Path) -> Path:
    """Copies a file that no process has open; synced to the disk, so that no write is pending."""
    for suffix in ["", "-wal", "-shm"]:
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    shutil.copy(source, path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return path


class SqliteFiles:
    """Databases of so many orders in SQLite files."""

    def __init__(self, around: Surroundings):
        self.around = around

    def fill(self, count: int) -> None:
        """Creates the original with so many orders."""
        fill(self.around, self._file(count), count)

    def on_copy(self, subject: Subject, count: int) -> Subject:
        """The subject on a fresh copy."""
        path = copy(self._file(count), self.around.folder / "growing.sqlite")
        return replace(subject, variables={"DATABASE_URL": f"sqlite:{path}"})

    def _file(self, count: int) -> Path:
        return self.around.folder / f"orders-{count}.sqlite"


class PostgresDatabases:
    """The same in Postgres."""

    def __init__(self, around: Surroundings):
        self.postgres = around.postgres

    def fill(self, count: int) -> None:
        """Creates the original with so many orders."""
        self.postgres.fill(f"orders_{count}", count)

    def on_copy(self, subject: Subject, count: int) -> Subject:
        """The subject on a fresh copy."""
        name = self.postgres.copy("growing", f"orders_{count}")
        return replace(subject, variables={"DATABASE_URL": self.postgres.url_trusted(name)})
