"""Computes figures from raw results."""

import statistics
from typing import Any

Results = dict[str, Any]

OURS = "ours: webhook"
CREATE = "ours: create-intent"


def percentile(values: list[float], share: int) -> float:
    """A percentile."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def cold_ratio(results: Results, name: str, base: str) -> float:
    """The ratio of cold starts: the median of the rounds' ratios."""
    pairs = zip(results["cold"][name]["answer_ms"], results["cold"][base]["answer_ms"], strict=True)
    return statistics.median(one / other for one, other in pairs)


def warm(results: Results, name: str, **where: Any) -> list[Any]:
    """The rows of the warm webhook with these settings, one for each turn."""
    return [
        row
        for row in results["warm"]
        if row["name"] == name and all(row[key] == value for key, value in where.items())
    ]


def per_core(rows: list[Any]) -> float:
    """Requests per second of processor time: the median of the turns."""
    return statistics.median(row["requests"] / max(row["cpu_seconds"], 0.01) for row in rows)


def per_core_ratio(results: Results, name: str, base: str, **where: Any) -> float:
    """The ratio of requests per processor time."""
    return per_core(warm(results, name, **where)) / per_core(warm(results, base, **where))


def added_ms(results: Results, name: str) -> float:
    """The time of create-intent beyond one bare request to Stripe, at the median."""
    calls = results["calls"]
    return (calls[name]["p50_us"] - calls["bare call"]["p50_us"]) / 1000


def cpu_us(rows: list[Any]) -> float:
    """Processor time of one request, in microseconds: the median of the rounds."""
    return statistics.median(row["cpu_seconds"] / row["requests"] for row in rows) * 1e6


def growth_ratio(results: Results, kind: str, count: str = "") -> float:
    """The processor time of a request at the largest or the given number of orders, relative to the
    smallest."""
    counts = sorted(results["growth"], key=int)
    return cpu_us(results["growth"][count or counts[-1]][kind]) / max(
        cpu_us(results["growth"][counts[0]][kind]), 0.001
    )


def growth_in_instructions(results: Results, kind: str, count: str = "") -> float:
    """The same ratio, of instructions."""
    counts = sorted(results["growth"], key=int)
    first, last = (
        results["growth"][one]["instructions"][kind] for one in (counts[0], count or counts[-1])
    )
    return last / first
