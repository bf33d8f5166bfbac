"""Computes figures from raw results."""

import statistics
from typing import Any

Results = dict[str, Any]

OURS = "ours: webhook"
CREATE = "ours: create-intent"
SERVE = "ours: farebox serve"
NODE = "Node: webhook"

#: The cold start on Postgres without a password; the others' names begin with its name.
TRUSTED = "ours: Postgres"


def percentile(values: list[float], share: int) -> float:
    """A percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def cold_ratio(results: Results, name: str, base: str) -> float:
    """The ratio of cold starts: the median of the rounds' ratios."""
    pairs = zip(results["cold"][name]["answer_ms"], results["cold"][base]["answer_ms"], strict=True)
    return statistics.median(one / other for one, other in pairs)


def warm(results: Results, name: str, **where: Any) -> list[Any]:
    """The rows of the warm webhook with these settings, one for each turn."""
    part = "server" if where["host"] == "postgres" else "warm"
    return [
        row
        for row in results[part]
        if row["name"] == name and all(row[key] == value for key, value in where.items())
    ]


def per_core(rows: list[Any]) -> float:
    """Requests per second of processor time: the median of the turns."""
    return statistics.median(row["requests"] / max(row["cpu_seconds"], 0.01) for row in rows)


def per_core_ratio(results: Results, name: str, base: str, **where: Any) -> float:
    """The ratio of requests per processor time."""
    return per_core(warm(results, name, **where)) / per_core(warm(results, base, **where))


def p99_ratio(results: Results, name: str, base: str, **where: Any) -> float:
    """The ratio of 99th percentiles: of the medians of the turns."""
    ours, other = (
        statistics.median(row["p99_us"] for row in warm(results, one, **where))
        for one in (name, base)
    )
    return ours / other


def cold_cpu_ms(results: Results, name: str) -> float:
    """The processor time of a cold start, in milliseconds: the median."""
    return statistics.median(results["cold"][name]["cpu_ms"])


def connect_ms(results: Results, name: str) -> float:
    """The processor time of the connection in a cold start: that of one without a password, and
    what the password and TLS add to the cold start."""
    added = cold_cpu_ms(results, name) - cold_cpu_ms(results, TRUSTED)
    return results["connect"]["cpu_ms"] + added


def added_ms(results: Results, name: str) -> float:
    """The time of create-intent beyond one bare request to Stripe, at the median."""
    calls = results["calls"]
    return (calls[name]["p50_us"] - calls["bare call"]["p50_us"]) / 1000


def cpu_us(rows: list[Any]) -> float:
    """Processor time of one request, in microseconds: the median of the rounds."""
    return statistics.median(row["cpu_seconds"] / row["requests"] for row in rows) * 1e6


def growth_ratio(
    results: Results, kind: str, count: str = "", part: str = "growth"
) -> float:
    """The processor time of a request at the largest or the given number of orders, relative to the
    smallest."""
    counts = sorted(results[part], key=int)
    return cpu_us(results[part][count or counts[-1]][kind]) / max(
        cpu_us(results[part][counts[0]][kind]), 0.001
    )


def growth_in_instructions(
    results: Results, kind: str, count: str = "", part: str = "growth"
) -> float:
    """The same ratio, of instructions."""
    counts = sorted(results[part], key=int)
    first, last = (
        results[part][one]["instructions"][kind] for one in (counts[0], count or counts[-1])
    )
    return last / first
