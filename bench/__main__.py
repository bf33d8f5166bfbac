"""Measures all parts, or the given ones, and writes the document.

Parts that are not measured keep their last results, in target/bench, or in the document.
"""

import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from testing.harness.workspace import WORKSPACE
from bench import calls, cold, connect, instructions, machine, memory, report, targets, trips
from bench.build import FOLDER, Built, build
from bench.host import LambdaHost
from bench.database import PostgresDatabases, SqliteFiles
from bench.growth import Growth, Sizes
from bench.subjects import (
    Subject,
    connecting,
    node_on_postgres,
    on_postgres,
    order,
    others,
    over_tls,
    servers,
    subjects,
)
from bench.surroundings import Surroundings
from bench.warm import Plan, Warm


@dataclass(frozen=True)
class Amounts:
    """The sizes of a run."""

    rounds: int
    requests: int
    judged: int
    memory: int
    calls: int
    connections: int
    instructions: tuple[int, int]
    growth: Sizes
    growth_postgres: Sizes


GROWTH = Sizes([1_000, 100_000, 1_000_000], 9, 100, 800, (20, 120))
FULL = Amounts(30, 1600, 3, 500, 100, 50, (50, 250), GROWTH, GROWTH)
#: Parts that belong to another part, and cannot be chosen.
WITH = {"trips": "cold", "connect": "cold", "sizes": "memory", "growth_postgres": "growth"}

QUICK_GROWTH = Sizes([100], 2, 10, 40, (2, 4))
#: Debug builds start slowly under callgrind, so it counts on one database.
QUICK = Amounts(2, 32, 2, 20, 10, 2, (3, 6), QUICK_GROWTH, replace(QUICK_GROWTH, counted=None))


class Bench:
    """A run of any parts."""

    def __init__(self, built: Built, folder: Path):
        self.amounts = QUICK if built.is_quick else FULL
        self.around = Surroundings(built, folder)
        self.known = subjects(built)
        self.host = LambdaHost(self.around)
        self.trips: dict[str, list[str]] = {}

    def stop(self) -> None:
        """Stops its processes."""
        self.host.stop()
        self.around.stop()

    def of_kind(self, kind: str) -> list[Subject]:
        """Every subject of this kind, except the floor."""
        return [one for one in self.known.values() if one.kind == kind and one.name != "floor"]

    def count_trips(self) -> dict[str, list[str]]:
        """The round trips of our functions until their first response."""
        for place, kind in enumerate(("webhook", "create-intent")):
            self.trips[kind] = trips.of(self.known[f"ours: {kind}"], self.around, 900_000 + place)
        return self.trips

    def cold(self) -> Any:
        """Cold starts, also of the floors with these round trips, and on Postgres."""
        built, postgres = self.around.built, self.around.postgres
        url = postgres.url(postgres.copy("cold_node"))
        everyone = [
            *self.known.values(),
            *trips.floors(self.known["floor"], self.trips, self.around),
            *connecting(built, postgres),
            on_postgres(node_on_postgres(built), "Node: Postgres, SCRAM", "cold_node", url),
        ]
        return cold.measure(everyone, self.around, self.amounts.rounds, 1_000_000)

    def instructions(self) -> Any:
        """Instructions on each database; without a password, whose check takes long when the
        processor is simulated."""
        postgres, ours = self.around.postgres, self.known["ours: webhook"]
        url = postgres.url_trusted(postgres.copy("instructions"))
        return instructions.measure(
            ours,
            on_postgres(ours, ours.name, "instructions", url),
            self.around,
            "8 kB",
            *self.amounts.instructions,
            0,
        )

    def parts(self) -> dict[str, Callable[[], Any]]:
        """The measurement of each part. Parts use different order numbers."""
        amounts, around, host = self.amounts, self.around, self.host
        webhooks, ours = self.of_kind("webhook"), self.known["ours: webhook"]
        as_http = [one for one in webhooks if one.name.startswith(("ours", "Node"))]
        working = [*webhooks, *self.of_kind("create-intent")]
        built, postgres = around.built, around.postgres
        databases = {"growth": SqliteFiles(around), "growth_postgres": PostgresDatabases(around)}
        growth = {
            name: Growth(ours, order(built), kind, around) for name, kind in databases.items()
        }
        plan = Plan(amounts.requests, amounts.requests // 4, amounts.judged)
        warm = Warm(around, host, plan, 3_000_000)
        return {
            "trips": self.count_trips,
            "cold": self.cold,
            "connect": lambda: connect.measure(
                connecting(built, postgres)[0], around, amounts.connections, 1_500_000
            ),
            "memory": lambda: memory.measure(working, around, host, amounts.memory, 2_000_000),
            "sizes": lambda: memory.sizes([*self.known.values(), *others(built)], around),
            "warm": lambda: warm.measure(webhooks, as_http),
            "server": lambda: warm.measure_on_postgres(servers(built, postgres)),
            "instructions": self.instructions,
            "calls": lambda: calls.measure(
                over_tls(around.built, self.known), around, host, amounts.calls, 5_000_000
            ),
            "growth": lambda: growth["growth"].measure(amounts.growth),
            "growth_postgres": lambda: growth["growth_postgres"].measure(amounts.growth_postgres),
        }


def main(words: list[str]) -> int:
    """Runs the parts; prints a missed target, which is not an error."""
    is_quick = "--quick" in words
    wanted = [word for word in words if not word.startswith("--")]
    raw = FOLDER / ("quick.json" if is_quick else "results.json")
    results = json.loads(raw.read_text()) if raw.exists() and wanted else {}
    if wanted != ["report"]:
        measure(is_quick, wanted, results, raw)
    if not is_quick:
        tell(results)
    document = (
        FOLDER / "quick" / "benchmarks.md" if is_quick else WORKSPACE / "docs" / "benchmarks.md"
    )
    report.write(results, document)
    print(f"written: {document}")
    return 0


def tell(results: dict[str, Any]) -> None:
    """Prints the verdict on every target."""
    for verdict in targets.verdicts(results):
        figure = "" if verdict.figure is None else f"{verdict.figure:.2f} {verdict.target.unit}"
        print(
            f"{verdict.word.strip('*'):12}  {verdict.target.what}: {figure} "
            f"(bound {verdict.target.bound:g})"
        )


def measure(is_quick: bool, wanted: list[str], results: dict[str, Any], raw: Path) -> None:
    """Measures into `results`, and writes the file after each part, so that an interrupted run
    keeps its results."""
    print("building", flush=True)
    built = build(is_quick, wanted)
    results["machine"] = machine.describe()
    moments = results.setdefault("moments", {})
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        bench = Bench(built, Path(folder))
        try:
            for name, part in bench.parts().items():
                if not wanted or WITH.get(name, name) in wanted:
                    begun = time.monotonic()
                    moments[name] = machine.moment()
                    results[name] = part()
                    raw.write_text(json.dumps(results, indent=1))
                    print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
        finally:
            bench.stop()


if __name__ == "__main__":
    # A stopped run also stops its processes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
