"""What an event and an order cost in a SQLite database with few orders and with many."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.harness import shop
from bench import calls, instructions, database, load
from bench.host import plain
from bench.subjects import Subject
from bench.surroundings import ORDER, Surroundings

#: The numbers of the orders that are asked for one after another are this far apart: in a large file no two share a page,
#: and none comes twice, since no count of orders has this prime as a factor.
STRIDE = 7919


@dataclass(frozen=True)
class Sizes:
    """Numbers of orders, and how much is asked of each: fewer events than the fewest orders."""

    orders: list[int]
    rounds: int
    warm_up: int
    requests: int
    #: Requests of the two runs under callgrind.
    counted: tuple[int, int]


class Growth:
    """The same events and questions at several sizes; each event is new, and pays an order that waits."""

    def __init__(self, webhook: Subject, order: Subject, around: Surroundings):
        self.webhook, self.order, self.around = webhook, order, around

    def measure(self, sizes: Sizes) -> dict[str, Any]:
        """For each number of orders: processor time and times of answers by rounds, and instructions."""
        found: dict[str, Any] = {}
        files = {}
        for count in sizes.orders:
            files[count] = self.around.folder / f"orders-{count}.sqlite"
            database.fill(self.around, files[count], count)
            found[str(count)] = {"webhook": [], "order": []}
        for turn in range(sizes.rounds):
            # Sizes take turns at being first.
            for count in sizes.orders if turn % 2 == 0 else reversed(sizes.orders):
                for kind, figures in self._round(files[count], count, sizes).items():
                    found[str(count)][kind].append(figures)
        for count in sizes.orders:
            found[str(count)]["instructions"] = self._instructions(files[count], count, sizes.counted)
        return found

    def _round(self, file: Path, count: int, sizes: Sizes) -> dict[str, Any]:
        """One round over a fresh copy of the file."""
        where = {"DATABASE_URL": f"sqlite:{self._fresh(file)}"}
        figures = {}
        for kind, subject, send in self._works():
            running = plain(subject, self.around, **where)
            try:
                send(running.url, count, 0, sizes.warm_up)
                before = running.cpu_seconds()
                figures[kind] = send(running.url, count, sizes.warm_up, sizes.requests)
                figures[kind] |= {"cpu_seconds": running.cpu_seconds() - before}
            finally:
                running.stop()
        return figures

    def _instructions(self, file: Path, count: int, counted: tuple[int, int]) -> dict[str, float]:
        """Of one request, by two runs of different lengths."""
        where, (few, many) = f"sqlite:{self._fresh(file)}", counted
        figures = {}
        for kind, subject, send in self._works():
            short = instructions.of(subject, self.around, where, lambda run: send(run.url, count, 0, few))
            long = instructions.of(subject, self.around, where, lambda run: send(run.url, count, few, many))
            figures[kind] = (long - short) / (many - few)
        return figures

    def _works(self) -> list[tuple[str, Subject, Callable[..., Any]]]:
        return [("webhook", self.webhook, self._pay), ("order", self.order, self._ask)]

    def _fresh(self, file: Path) -> Path:
        return database.copy(file, self.around.folder / "growing.sqlite")

    def _pay(self, url: str, count: int, skip: int, requests: int) -> Any:
        """Events of payments, of the orders after those that are skipped."""
        words = ["--body", str(self.around.bodies["1 kB"]), "--sign", shop.WEBHOOK_SECRET]
        return load.send(self.around, [url], [*words, *numbers(count, skip)], 1, requests)

    def _ask(self, url: str, count: int, skip: int, requests: int) -> Any:
        """Questions about orders, of whose they are."""
        words = calls.as_words({"authorization": f"Bearer {shop.token('ada')}"})
        return load.send(self.around, [f"{url}?id={ORDER}"], [*words, *numbers(count, skip)], 1, requests)


def numbers(count: int, skip: int) -> list[str]:
    """Options of the load generator: which orders."""
    return ["--first", str(skip * STRIDE % count), "--stride", str(STRIDE), "--below", str(count)]
