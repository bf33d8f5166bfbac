"""The targets of the functions, and their verdicts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench import figures
from bench.calls import ROUND_TRIP_MS
from bench.figures import CREATE, NODE, OURS, SERVE, Results

MEGABYTE = 1_000_000

WARM = {"host": "lambda", "instances": 1, "size": "8 kB", "clients": 16}
AS_HTTP = WARM | {"host": "http"}
ON_POSTGRES = WARM | {"host": "postgres"}
JUDGED = [WARM, AS_HTTP, ON_POSTGRES]


@dataclass(frozen=True)
class Target:
    """A figure and its limit."""

    #: The part of a run that measures it.
    part: str
    what: str
    of: Callable[[Results], float]
    bound: float
    #: True for an upper limit, false for a lower one.
    is_most: bool
    unit: str = "×"


TARGETS = [
    Target(
        "cold",
        "webhook, cold start: times the floor with its round trips",
        lambda r: figures.cold_ratio(r, OURS, "floor + webhook's trips"),
        1.25,
        True,
    ),
    Target(
        "cold",
        "webhook, cold start: Node's, times ours",
        lambda r: figures.cold_ratio(r, "Node: webhook", OURS),
        12,
        False,
    ),
    Target(
        "cold",
        "webhook, cold start: Python's, times ours",
        lambda r: figures.cold_ratio(r, "Python: webhook", OURS),
        8,
        False,
    ),
    Target(
        "cold",
        "create-intent, cold start: times the floor with its round trips",
        lambda r: figures.cold_ratio(r, CREATE, "floor + create-intent's trips"),
        1.4,
        True,
    ),
    Target(
        "memory", "webhook, peak memory", lambda r: r["memory"][OURS] / MEGABYTE, 24, True, "MB"
    ),
    Target(
        "memory",
        "create-intent, peak memory",
        lambda r: r["memory"][CREATE] / MEGABYTE,
        24,
        True,
        "MB",
    ),
    Target(
        "memory",
        "the zip of the largest function",
        lambda r: max(sizes["zip"] for name, sizes in r["sizes"].items() if "ours" in name)
        / MEGABYTE,
        4,
        True,
        "MB",
    ),
    Target(
        "memory",
        "webhook, binary: stock Rust's, as cargo builds it, times ours",
        lambda r: r["sizes"]["stock Rust: webhook"]["bytes"] / r["sizes"][OURS]["bytes"],
        4,
        False,
    ),
    Target(
        "memory",
        "create-intent, binary: stock Rust's, as cargo builds it, times ours",
        lambda r: r["sizes"]["stock Rust: create-intent"]["bytes"] / r["sizes"][CREATE]["bytes"],
        4,
        False,
    ),
    Target(
        "warm",
        "webhook, warm, as a plain server: times Node's requests per core",
        lambda r: figures.per_core_ratio(r, OURS, "Node: webhook", **AS_HTTP),
        5,
        False,
    ),
    Target(
        "warm",
        "webhook, warm, on Lambda's API: times Node's requests per core",
        lambda r: figures.per_core_ratio(r, OURS, "Node: webhook", **WARM),
        5,
        False,
    ),
    Target(
        "server",
        "webhook on Postgres, warm, as a plain server: times Node's requests per core",
        lambda r: figures.per_core_ratio(r, OURS, NODE, **ON_POSTGRES),
        5,
        False,
    ),
    Target(
        "server",
        "farebox serve on Postgres, warm: times Node's requests per core",
        lambda r: figures.per_core_ratio(r, SERVE, NODE, **ON_POSTGRES),
        5,
        False,
    ),
    Target(
        "server",
        "farebox serve on Postgres, 99th percentile: times Node's",
        lambda r: figures.p99_ratio(r, SERVE, NODE, **ON_POSTGRES),
        1,
        True,
    ),
    Target(
        "instructions",
        "webhook, instructions at 8 kB over SQLite: times the limit",
        lambda r: r["instructions"]["sqlite"] / r["instructions"]["limit"],
        3,
        True,
    ),
    Target(
        "calls",
        "create-intent, warm: added to the bare call, for a guest",
        lambda r: figures.added_ms(r, CREATE),
        ROUND_TRIP_MS + 1,
        True,
        "ms",
    ),
    Target(
        "calls",
        "create-intent, warm: connections for 100 calls",
        lambda r: r["calls"][CREATE]["connections_of_100"],
        1,
        True,
        "",
    ),
    Target(
        "growth",
        "webhook, processor time at the most orders: times that at the fewest",
        lambda r: figures.growth_ratio(r, "webhook"),
        1.2,
        True,
    ),
    Target(
        "growth",
        "webhook, instructions at the most orders: times those at the fewest",
        lambda r: figures.growth_in_instructions(r, "webhook"),
        1.2,
        True,
    ),
    Target(
        "growth",
        "webhook on Postgres, instructions at the most orders: times those at the fewest",
        lambda r: figures.growth_in_instructions(r, "webhook", part="growth_postgres"),
        1.2,
        True,
    ),
]


@dataclass(frozen=True)
class Verdict:
    """A target, its figure, and the verdict; `None` if it was not measured."""

    target: Target
    figure: float | None

    @property
    def is_reached(self) -> bool:
        """True when the figure is within its limit."""
        if self.figure is None:
            return False
        return (
            self.figure <= self.target.bound
            if self.target.is_most
            else self.figure >= self.target.bound
        )

    @property
    def word(self) -> str:
        """The word in the table."""
        if self.figure is None:
            return "not measured"
        return "reached" if self.is_reached else "**not reached**"


def verdicts(results: Results) -> Iterator[Verdict]:
    """The verdict on every target."""
    for target in TARGETS:
        try:
            yield Verdict(target, target.of(results))
        except KeyError:
            yield Verdict(target, None)
