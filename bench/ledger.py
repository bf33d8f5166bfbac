"""What an event and an order cost in a SQLite ledger with few orders and with many."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from aws import shop
from bench import calls, load
from bench.host import Running, plain
from bench.subjects import Subject
from bench.surroundings import INTENT, NUMBER, ORDER, Surroundings

#: The numbers of the orders that are asked for one after another are this far apart: no two share a page.
STRIDE = 7919

COPY = """
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)
    INSERT INTO orders (id, version, intent, status, body, updated_at)
    SELECT replace(id, :number, printf('%09d', n)), version, replace(:intent, :number, printf('%09d', n)), status,
           replace(replace(body, intent, replace(:intent, :number, printf('%09d', n))), :id,
                   replace(id, :number, printf('%09d', n))),
           updated_at
    FROM numbers, one.orders
"""


def fill(around: Surroundings, path: Path, count: int) -> None:
    """Makes a file with so many orders that wait to be paid: copies of one that create-intent opened."""
    for suffix in ["", "-wal", "-shm"]:
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    shutil.copy(around.sqlite, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA synchronous = OFF")
        file.execute("ATTACH ? AS one", [str(around.sqlite)])
        file.execute("DELETE FROM main.orders")
        file.execute(COPY, {"count": count, "number": NUMBER, "intent": INTENT, "id": ORDER})
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class Growth:
    """The same number of events and questions, at several sizes of the ledger."""

    def __init__(self, webhook: Subject, order: Subject, around: Surroundings):
        self.webhook, self.order, self.around = webhook, order, around

    def measure(self, counts: list[int], requests: int) -> dict[str, Any]:
        """For each number of orders: processor time, instructions read apart, and times of answers."""
        files = {count: self.around.folder / f"orders-{count}.sqlite" for count in counts}
        for count, path in files.items():
            fill(self.around, path, count)
        rounds = 4
        found: dict[str, Any] = {str(count): {"webhook": [], "order": []} for count in counts}
        running = {count: self._start(path) for count, path in files.items()}
        try:
            for turn in range(rounds):
                for count, (webhook, order) in running.items():
                    each = requests // rounds
                    first = turn * each * STRIDE
                    found[str(count)]["webhook"].append(self._pay(webhook, count, each, first))
                    found[str(count)]["order"].append(self._ask(order, count, each, first))
        finally:
            for pair in running.values():
                for one in pair:
                    one.stop()
        return found

    def _start(self, path: Path) -> tuple[Running, Running]:
        where = {"FAREBOX_LEDGER": f"sqlite:{path}"}
        return plain(self.webhook, self.around, **where), plain(self.order, self.around, **where)

    def _pay(self, webhook: Running, count: int, requests: int, first: int) -> Any:
        body = str(self.around.bodies["1 kB"])
        words = ["--body", body, "--sign", shop.WEBHOOK_SECRET, *numbers(first, count)]
        return used(webhook, lambda: load.send(self.around, [webhook.url], words, 1, requests))

    def _ask(self, order: Running, count: int, requests: int, first: int) -> Any:
        words = [*calls.as_words({"authorization": f"Bearer {shop.token('ada')}"}), *numbers(first, count)]
        url = f"{order.url}?id={ORDER}"
        return used(order, lambda: load.send(self.around, [url], words, 1, requests))


def numbers(first: int, count: int) -> list[str]:
    """Options of the load generator: which orders."""
    return ["--first", str(first), "--stride", str(STRIDE), "--below", str(count)]


def used(running: Running, send: Any) -> dict[str, Any]:
    """Figures of the load generator, with the processor time that a function used meanwhile."""
    before = running.cpu_seconds()
    figures = send()
    return figures | {"cpu_seconds": running.cpu_seconds() - before}
