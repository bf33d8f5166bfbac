"""The warm webhook: how many requests a processor serves, and how long answers take."""

from dataclasses import dataclass
from typing import Any

from bench import load
from bench.events import SIZES
from bench.host import LambdaHost, Running, plain
from bench.subjects import Subject
from bench.surroundings import Surroundings


@dataclass(frozen=True)
class Plan:
    """How many requests of the small sizes ours is sent; slower peers, and large events, are sent fewer."""

    requests: int
    warm_up: int

    def of(self, subject: Subject, size: str) -> int:
        """Requests of one measurement: a multiple of 16."""
        count = self.requests if subject.is_ours else self.requests // 2
        if subject.name.startswith("Python"):
            count //= 4
        if size == "256 kB":
            count //= 8
        return max(16, count // 16 * 16)


class Warm:
    """One run; it numbers the orders, so that every event is about one of its own."""

    def __init__(self, around: Surroundings, host: LambdaHost, plan: Plan, first: int):
        self.around, self.host, self.plan, self.next = around, host, plan, first

    def measure(self, on_lambda: list[Subject], as_http: list[Subject]) -> list[dict[str, Any]]:
        """A row for each host, number of instances, size, number of clients, and function."""
        rows = []
        for instances in [1, 2]:
            running = [[self.host.start(subject, instances)] for subject in on_lambda]
            rows += self._measure("lambda", instances, running)
            running = [[plain(subject, self.around) for _ in range(instances)] for subject in as_http]
            rows += self._measure("http", instances, running)
        return rows

    def _measure(self, kind: str, instances: int, groups: list[list[Running]]) -> list[dict[str, Any]]:
        try:
            for group in groups:
                self._deliver(group, "8 kB", 16 if instances > 1 else 1, self.plan.warm_up)
            rows = []
            for size in SIZES:
                for clients in [1, 16] if instances == 1 else [16]:
                    rows += [
                        {"host": kind, "instances": instances, "size": size, "clients": clients}
                        | self._one(group, size, clients)
                        for group in groups
                    ]
            return rows
        finally:
            for group in groups:
                for running in group:
                    running.stop()

    def _one(self, group: list[Running], size: str, clients: int) -> dict[str, Any]:
        subject = group[0].subject
        before = sum(running.cpu_seconds() for running in group)
        figures = self._deliver(group, size, clients, self.plan.of(subject, size))
        spent = sum(running.cpu_seconds() for running in group) - before
        return {"name": subject.name, "cpu_seconds": spent} | figures

    def _deliver(self, group: list[Running], size: str, clients: int, requests: int) -> Any:
        first, self.next = self.next, self.next + requests
        return load.deliver(
            self.around, [running.url for running in group], size,
            is_lambda=group[0].is_lambda, clients=clients, requests=requests, first=first,
        )
