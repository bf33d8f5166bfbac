"""The warm webhook: requests per processor time, and response times."""

from dataclasses import dataclass
from typing import Any

from bench import load, targets
from bench.events import SIZES
from bench.host import LambdaHost, Running, plain
from bench.subjects import Subject
from bench.surroundings import Surroundings


@dataclass(frozen=True)
class Plan:
    """The number of small requests to ours; slower peers, and large events, get fewer."""

    requests: int
    warm_up: int
    #: The number of turns at the settings of a target.
    judged: int

    def of(self, subject: Subject, size: str) -> int:
        """Requests of one measurement: a multiple of 16."""
        count = self.requests if subject.is_ours else self.requests // 2
        if subject.name.startswith("Python"):
            count //= 4
        if size == "256 kB":
            count //= 8
        return max(16, count // 16 * 16)


class Warm:
    """One run; it numbers the orders, so that every event has a new one."""

    def __init__(self, around: Surroundings, host: LambdaHost, plan: Plan, first: int):
        self.around, self.host, self.plan, self.next = around, host, plan, first

    def measure(self, on_lambda: list[Subject], as_http: list[Subject]) -> list[dict[str, Any]]:
        """Rows for each host, number of instances, size, number of clients, and function: several
        at the settings of a target."""
        rows = []
        for instances in [1, 2]:
            running = [[self.host.start(subject, instances)] for subject in on_lambda]
            rows += self._measure("lambda", instances, running)
            running = [
                [plain(subject, self.around) for _ in range(instances)] for subject in as_http
            ]
            rows += self._measure("http", instances, running)
        return rows

    def measure_on_postgres(self, subjects: list[Subject]) -> list[dict[str, Any]]:
        """Rows of plain servers on Postgres."""
        running = [[plain(subject, self.around)] for subject in subjects]
        return self._measure("postgres", 1, running)

    def _measure(
        self, kind: str, instances: int, groups: list[list[Running]]
    ) -> list[dict[str, Any]]:
        # A server on Postgres opens as many connections as it will need.
        clients = 16 if instances > 1 or kind == "postgres" else 1
        try:
            for group in groups:
                self._deliver(group, "8 kB", clients, self.plan.warm_up)
            rows = []
            for size in SIZES:
                for clients in [1, 16] if instances == 1 else [16]:
                    where = {"host": kind, "instances": instances, "size": size, "clients": clients}
                    for _ in range(self.plan.judged if where in targets.JUDGED else 1):
                        rows += [where | self._one(group, size, clients) for group in groups]
            return rows
        finally:
            for group in groups:
                for running in group:
                    running.stop()

    def _one(self, group: list[Running], size: str, clients: int) -> dict[str, Any]:
        subject = group[0].subject
        before = self._spent(group)
        figures = self._deliver(group, size, clients, self.plan.of(subject, size))
        if subject.delivers:
            self.around.postgres.wait_for_deliveries(subject.database)
        spent, in_kernel = (
            after - earlier for after, earlier in zip(self._spent(group), before, strict=True)
        )
        return {"name": subject.name, "cpu_seconds": spent, "kernel_seconds": in_kernel} | figures

    @staticmethod
    def _spent(group: list[Running]) -> tuple[float, float]:
        return sum(one.cpu_seconds() for one in group), sum(one.kernel_seconds() for one in group)

    def _deliver(self, group: list[Running], size: str, clients: int, requests: int) -> Any:
        first, self.next = self.next, self.next + requests
        return load.deliver(
            self.around,
            group[0].subject,
            [running.url for running in group],
            size,
            is_lambda=group[0].is_lambda,
            clients=clients,
            requests=requests,
            first=first,
        )
