"""Writes docs/benchmarks.md and its plots, from raw results."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from testing.harness.workspace import WORKSPACE
from bench import figures, plot, targets
from bench.figures import CREATE, OURS, Results, cold_ratio, percentile
from bench.plot import Bar, short

HEAD = """# Benchmarks

Made by `./scripts/bench`; do not edit. It sets itself up on a Linux machine with Rust, Node, Python and valgrind; a part of it is measured again by the command
that stands with each figure. Ratios are what to go by: absolute times are those of this one machine, of stand-ins on the same machine, and of Lambda's emulator, and not of AWS.
"""

#: What the document is made from.
PARTS = ["machine", "moments", "trips", "cold", "memory", "sizes", "warm", "instructions", "calls", "growth"]

Row = list[str]


def write(results: Results, document: Path) -> None:
    """The document, and its plots in a folder beside it."""
    images = document.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, drawn in plots(results):
        (images / f"bench-{name}.svg").write_text(drawn)
    document.write_text("\n".join([HEAD, *sections(results)]))


def table(head: Row, rows: list[Row]) -> str:
    """A table of Markdown, with an empty line after it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def image(name: str, words: str) -> str:
    """A plot."""
    return f"![{words}](images/bench-{name}.svg)\n"


def sections(results: Results) -> Iterator[str]:
    """The document, part by part."""
    yield "## What is to be reached\n"
    yield table(["what", "bound", "measured", "", "measure it again"], [judged(verdict) for verdict in targets.verdicts(results)])
    yield "## The machine\n"
    yield table(["what", "it was"], [list(pair) for pair in results["machine"].items()])
    yield MOMENTS
    yield table(["part", "commit", "date", "load before"], [[name, *one.values()] for name, one in results["moments"].items()])
    yield from compared()
    yield from cold(results)
    yield from memory(results)
    yield from warm(results)
    yield from instructions(results)
    yield from calls(results)
    yield from growth(results)
    yield from costs()
    yield MICRO


def judged(verdict: targets.Verdict) -> Row:
    """A row of the first table."""
    target = verdict.target
    sign = "at most" if target.is_most else "at least"
    figure = "" if verdict.figure is None else f"{verdict.figure:.2f} {target.unit}"
    again = f"`./scripts/bench {target.part}`"
    return [target.what, f"{sign} {target.bound:g} {target.unit}".strip(), figure.strip(), verdict.word, again]


def compared() -> Iterator[str]:
    """What is measured."""
    yield """## What is compared

| name | what it is |
|---|---|
| ours | the functions of this repository, as they are deployed |
| floor | an empty function on `lambda_http`, with the same release profile |
| floor + secret | and one bare GetSecretValue |
| floor + trips | and a bare round trip for each that this function makes until its first answer: see [cold start](#cold-start) |
| stock Rust | the same work as the documents of async-stripe, async-stripe-webhook, lambda_http and the AWS SDK show it. Without LTO, with cargo's own optimisation, stripped: with fat LTO it links for more than twenty minutes |
| Node | stripe-node over the raw body, a switch over the type, the secret by the AWS SDK, a conditional write of the event's id; one minified file of esbuild's, on a minimal loop |
| Python | the same with stripe-python, boto3, and Powertools' idempotency, on a minimal loop |

Only ours and Node's are measured as plain HTTP servers: `lambda_http` and Python's guides for Lambda have none, and any that were added here would be measured instead of them.

The peers are in [`bench/peers`](../bench/peers). They claim an event's id; ours moves its order and writes the message to the site as well, in the same transaction. All of
them ask one [stand-in](../bench/tools/src/bin/stand-in.rs) for Secrets Manager and DynamoDB, which answers from memory, and one [sandbox](../sandbox) of Stripe.
"""


def cold(results: Results) -> Iterator[str]:
    """Cold starts."""
    rows = []
    for name, times in results["cold"].items():
        answers = times["answer_ms"]
        spread = [short(percentile(answers, share)) for share in (10, 50, 90)]
        init = short(percentile(times["init_ms"], 50))
        rows.append([name, f"{cold_ratio(results, name, OURS):.2f}", *spread, init])
    yield f"""## Cold start

`./scripts/bench cold`: the first event to its answer under Lambda's Runtime Interface Emulator, in milliseconds, with the secret and the table read;
{len(results["cold"][OURS]["answer_ms"])} rounds in which each starts once. *Ratio* is the median of the rounds' own ratios to our webhook. INIT is what the emulator reports for the start alone. Every payment is
another guest's, at another address, so that the limits on starting payments stay as they are deployed.

**The floor's round trips** are counted in each run, by the stand-ins, in one cold start of ours: {trips(results)}. In place of each the floor sends one request
of the same kind to the same stand-in, and waits for its answer: GetSecretValue; GetItem, whatever ours asks of the table, transactions too; a greeting, a price, or
a payment intent of Stripe. It does so one after another, over one connection for each of the two that stays open, without TLS, signatures, or reading what is answered. What ours does at once, such as greeting
Stripe while the table is looked at, is sequential there: a round trip on one machine takes about a tenth of a millisecond, so that this order weighs little, and most of what lies between
ours and the floor is our own work.
"""
    yield table(["function", "ratio", "p10", "median", "p90", "INIT"], rows)
    yield image("cold", "Cold starts")


def trips(results: Results) -> str:
    """What the floors ask, in words."""
    said = []
    for name, counted in results["trips"].items():
        said.append(f"{len(counted)} for {name} ({', '.join(f'{counted.count(one)} {one}' for one in dict.fromkeys(counted))})")
    return "; ".join(said)


def memory(results: Results) -> Iterator[str]:
    """Memory and sizes."""
    rows = []
    for name, sizes in results["sizes"].items():
        peak = results["memory"].get(name)
        memory_ = f"{peak / 1e6:.1f}" if peak else ""
        base = CREATE if name.endswith("create-intent") else OURS
        ratio = f"{sizes['bytes'] / results['sizes'][base]['bytes']:.1f}"
        rows.append([name, memory_, f"{sizes['bytes'] / 1e6:.1f}", ratio, f"{sizes['zip'] / 1e6:.1f}"])
    yield """## Memory and size

`./scripts/bench memory`: the peak resident set after 500 requests (8 kB events), and what is deployed, in MB of a million bytes. Node's and Python's own runtimes are not
in their sizes. *Ratio* is to ours of the same kind.
"""
    yield table(["function", "peak memory", "deployed", "ratio", "zip"], rows)
    yield image("memory", "Peak memory")


def warm(results: Results) -> Iterator[str]:
    """The warm webhook."""
    yield """## Warm webhook

`./scripts/bench warm`: signed events, each about an order of its own, from the load generator of `bench/tools`. On `lambda` the host is `cargo lambda watch --only-lambda-apis`; `http` is a
plain server. *Per core* is how many requests one second of processor time serves, the function's alone, as a ratio to ours.

*Kernel* is the kernel's share of that time. Where figures are judged, above, everyone takes several turns, and the medians count.

On `lambda` a process serves one request at a time, and ours waits four times for each: for the event, for what the table holds, until the transaction is written, and until its answer is taken. Node's
peer, which writes one item and reads none, waits three times. After each wait the kernel wakes the process up, and little that it needs is in the processor's caches; a plain server answers
several requests between two waits. What would bring more there is one wait less: an event that is written without its order being read first.
"""
    head = ["host", "instances", "size", "clients", "function", "per core", "kernel", "requests/s", "p50 ms", "p99 ms"]
    rows = []
    for name, where in warm_places(results):
        turns = figures.warm(results, name, **where)
        ratio = figures.per_core_ratio(results, name, OURS, **where)
        kernel = median(row["kernel_seconds"] / max(row["cpu_seconds"], 0.01) for row in turns)
        rate = median(row["requests"] / row["seconds"] for row in turns)
        # The slowest of a hundred is no percentile of fewer.
        times = [median(row[key] / 1000 for row in turns) for key in ("p50_us", "p99_us")]
        shown = [short(times[0]), short(times[1]) if turns[0]["requests"] >= 100 else ""]
        rows.append([*map(str, where.values()), name, f"{ratio:.2f}", f"{kernel:.0%}", short(rate), *shown])
    yield table(head, rows)
    yield image("warm", "Requests per core")


def warm_places(results: Results) -> Iterator[tuple[str, dict[str, Any]]]:
    """Who was measured where, in the order in which they were."""
    seen = {(row["name"], *(row[key] for key in targets.WARM)): row for row in results["warm"]}
    for row in seen.values():
        yield row["name"], {key: row[key] for key in targets.WARM}


def instructions(results: Results) -> Iterator[str]:
    """Instructions."""
    found = results["instructions"]
    yield f"""## Instructions of a webhook

`./scripts/bench instructions`: under callgrind, an event of {found["size"]} on a plain server. The limit is one HMAC over the bytes, and one pass of a JSON parser that keeps nothing.
"""
    named = {"the limit": "limit", "ours, SQLite": "sqlite", "ours, DynamoDB": "dynamodb"}
    rows = [[name, f"{found[key] / found['limit']:.2f}", f"{found[key]:,.0f}"] for name, key in named.items()]
    yield table(["", "ratio", "instructions"], rows)


def calls(results: Results) -> Iterator[str]:
    """Warm create-intent."""
    found = results["calls"]
    yield """## Warm create-intent

`./scripts/bench calls`: Stripe is behind TLS and a round trip of 40 ms. The bare call creates a payment intent over a connection that is open. Times in milliseconds, at the median.
Here our own and the stock function trust the benchmark's certificate, and nothing else about them is changed. Callers are guests, each another; *new customers* are callers whose
role makes them customers of Stripe's, each at the first payment, which asks Stripe once more.
"""
    rows = []
    for name, row in found.items():
        added = "" if name == "bare call" else short(figures.added_ms(results, name))
        opened = row.get("connections_of_100")
        rows.append([name, short(row["p50_us"] / 1000), added, "" if opened is None else f"{opened:g}"])
    yield table(["function", "call", "added", "connections for 100 calls"], rows)


def growth(results: Results) -> Iterator[str]:
    """A growing database."""
    rows = []
    for count in sorted(results["growth"], key=int):
        row = [f"{int(count):,}"]
        for kind in ("webhook", "order"):
            ratios = [figures.growth_ratio(results, kind, count), figures.growth_in_instructions(results, kind, count)]
            row += [*(f"{ratio:.2f}" for ratio in ratios), short(median(one["p50_us"] / 1000 for one in results["growth"][count][kind]))]
        rows.append(row)
    first = next(iter(results["growth"].values()))["webhook"]
    yield f"""## A growing database

`./scripts/bench growth`: SQLite files with so many orders that wait to be paid, as many events that were taken, and as many messages that were delivered. In {len(first)} rounds, in which sizes take
turns, `webhook` takes {first[0]["requests"]} new events of 1 kB over a fresh copy of the file, each of which pays another order, all over the file; then `order` tells as many orders. Copies are synced to the disk
before, and warmed by the same number of requests. Ratios, to the smallest file, are of processor time and of instructions under callgrind; times are of answers, in milliseconds, at the median.
"""
    head = ["orders", "webhook, time", "webhook, instructions", "webhook, ms", "order, time", "order, instructions", "order, ms"]
    yield table(head, rows)


def costs() -> Iterator[str]:
    """What AWS counts and costs: not measured here."""
    yield """## What a million payments cost on AWS

On DynamoDB every read and write is by key, so that the number of orders does not matter. [What each operation reads and writes](dynamodb.md#what-is-read-and-written), in capacity
units, is asserted by tests (`cargo test -p shared --lib database -- --ignored`, on a stand-in; `scripts/test` starts one). From that follow these sums, in US dollars, which are those of
[docs/deploy-aws.md](deploy-aws.md#what-it-costs) with the prices that they assume:
"""
    text = (WORKSPACE / "docs" / "deploy-aws.md").read_text()
    sums = text.partition("**a million payments** are:")[2].strip().partition("\n\n")[0]
    yield sums + "\n"


MOMENTS = """*Load before* is how many processes wanted a core: more than 0.5 beside what the benchmarks themselves ran makes times, and some ratios, unsteady.
"""

MICRO = """## Parts

`cargo bench -p shared --bench parts` measures the signature, the envelope and the state machine alone, by Criterion, for comparing two states of the code on one machine; it needs nothing but Rust. Its
figures are not quoted here.
"""


def plots(results: Results) -> Iterator[tuple[str, str]]:
    """Name and SVG of each plot."""
    cold_bars = []
    for name, times in results["cold"].items():
        low, value, high = (percentile(times["answer_ms"], share) for share in (10, 50, 90))
        cold_bars.append(Bar(name, value, low, high))
    yield "cold", plot.bars("First event to its answer: median, p10 to p90", "ms", cold_bars)
    peaks = [Bar(name, peak / 1e6) for name, peak in results["memory"].items()]
    yield "memory", plot.bars("Peak resident set after 500 requests", "MB", peaks)
    here = [name for name, where in warm_places(results) if where == targets.WARM]
    served = [Bar(name, figures.per_core(figures.warm(results, name, **targets.WARM))) for name in here]
    yield "warm", plot.bars("Webhooks of 8 kB that one second of a processor serves", "requests", served)
