"""The cost of an event and an order in a database with few and with many orders."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from testing.harness import shop
from bench import calls, instructions, load
from bench.database import PostgresDatabases, SqliteFiles
from bench.events import ORDER
from bench.host import plain
from bench.subjects import Subject
from bench.surroundings import Surroundings

#: The stride between the numbers of consecutive orders: in a large file no two share a page, and
#: none repeats, because no count of orders has this prime as a factor.
STRIDE = 7919


@dataclass(frozen=True)
class Sizes:
    """Numbers of orders, and the requests of each: fewer events than the fewest orders."""

    orders: list[int]
    rounds: int
    warm_up: int
    requests: int
    #: Requests of the two runs under callgrind; without, no instructions are counted.
    counted: tuple[int, int] | None


class Growth:
    """The same events and reads at several sizes; each event is new, and pays an unpaid order."""

    def __init__(
        self,
        webhook: Subject,
        order: Subject,
        databases: SqliteFiles | PostgresDatabases,
        around: Surroundings,
    ):
        self.webhook, self.order = webhook, order
        self.databases, self.around = databases, around

    def measure(self, sizes: Sizes) -> dict[str, Any]:
        """For each number of orders: processor time and response times by rounds, and
        instructions."""
        found: dict[str, Any] = {}
        for count in sizes.orders:
            self.databases.fill(count)
            found[str(count)] = {"webhook": [], "order": []}
        for turn in range(sizes.rounds):
            # The order of the sizes alternates.
            for count in sizes.orders if turn % 2 == 0 else reversed(sizes.orders):
                for kind, figures in self._round(count, sizes).items():
                    found[str(count)][kind].append(figures)
        for count in sizes.orders if sizes.counted else []:
            found[str(count)]["instructions"] = self._instructions(count, sizes.counted)
        return found

    def _round(self, count: int, sizes: Sizes) -> dict[str, Any]:
        """A round on a fresh copy of the database."""
        figures = {}
        for kind, subject, send in self._works(count):
            running = plain(subject, self.around)
            try:
                send(running.url, count, 0, sizes.warm_up)
                before = running.cpu_seconds()
                figures[kind] = send(running.url, count, sizes.warm_up, sizes.requests)
                figures[kind] |= {"cpu_seconds": running.cpu_seconds() - before}
            finally:
                running.stop()
        return figures

    def _instructions(self, count: int, counted: tuple[int, int]) -> dict[str, float]:
        """Instructions of one request, from two runs of different lengths."""
        few, many = counted
        figures = {}
        for kind, subject, send in self._works(count):
            short = instructions.of(
                subject, self.around, lambda run: send(run.url, count, 0, few)
            )
            long = instructions.of(
                subject, self.around, lambda run: send(run.url, count, few, many)
            )
            figures[kind] = (long - short) / (many - few)
        return figures

    def _works(self, count: int) -> list[tuple[str, Subject, Callable[..., Any]]]:
        """The functions with their requests, one after the other on the same fresh copy."""
        webhook = self.databases.on_copy(self.webhook, count)
        order = replace(self.order, variables=webhook.variables)
        return [("webhook", webhook, self._pay), ("order", order, self._ask)]

    def _pay(self, url: str, count: int, skip: int, requests: int) -> Any:
        """Delivers events of payments, after the skipped orders."""
        words = ["--body", str(self.around.bodies["1 kB"]), "--sign", shop.WEBHOOK_SECRET]
        return load.send(self.around, [url], [*words, *numbers(count, skip)], 1, requests)

    def _ask(self, url: str, count: int, skip: int, requests: int) -> Any:
        """Reads orders as their owner."""
        words = calls.as_words({"authorization": f"Bearer {shop.token('ada')}"})
        return load.send(
            self.around, [f"{url}?id={ORDER}"], [*words, *numbers(count, skip)], 1, requests
        )


def numbers(count: int, skip: int) -> list[str]:
    """Options of the load generator: the order numbers."""
    return ["--first", str(skip * STRIDE % count), "--stride", str(STRIDE), "--below", str(count)]
