"""Writes docs/benchmarks.md and its plots, from raw results."""

import math
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from textwrap import fill
from typing import Any

from testing.harness.workspace import WORKSPACE
from bench import figures, plot, targets
from bench.figures import CREATE, NODE, OURS, Results, cold_ratio, percentile
from bench.plot import Bar, short

HEAD = """# Benchmarks

`./scripts/bench` generates this page; do not edit it. It runs on a Linux machine with Rust, Node,
Python, valgrind and Postgres, and installs the rest. The command beside a figure measures it again.

Compare ratios. The absolute times are those of one machine, with stand-ins on the same machine and
Lambda's emulator, and not those of AWS.
"""

#: The longest line of a paragraph.
WIDTH = 100

Row = list[str]


def write(results: Results, document: Path) -> None:
    """Writes the document, and its plots into a folder beside it; what was not measured stays as it
    is in the document."""
    images = document.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    for part, (name, drawn) in PLOTS.items():
        if part in results:
            (images / f"bench-{name}.svg").write_text(drawn(results))
    earlier = document.read_text() if document.exists() else ""
    document.write_text(wrapped("\n".join([HEAD, *sections(results, earlier)])))


def kept_section(earlier: str, heading: str) -> str:
    """The section with this heading in the earlier document."""
    text = earlier.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return f"## {heading}\n{text}" if text else f"## {heading}\n\nNot measured.\n"


def kept_row(earlier: str, heading: str, first: str) -> Row | None:
    """The last row with this first cell in a section of the earlier document."""
    lines = kept_section(earlier, heading).splitlines()
    rows = [line for line in lines if line.startswith(f"| {first} |")]
    return rows[-1].strip("| ").split(" | ") if rows else None


def wrapped(document: str) -> str:
    """The document with its paragraphs wrapped at 100 columns; tables, images and headings stay."""
    return "\n\n".join(
        fill(block, WIDTH, break_long_words=False, break_on_hyphens=False)
        + "\n" * block.endswith("\n")
        if block[:1].isalpha() or block[:1] in ("`", "*")
        else block
        for block in document.split("\n\n")
    )


def table(head: Row, rows: list[Row]) -> str:
    """A Markdown table, with an empty line after it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def image(name: str, words: str) -> str:
    """The image of a plot."""
    return f"![{words}](images/bench-{name}.svg)\n"


def sections(results: Results, earlier: str) -> Iterator[str]:
    """The sections of the document."""
    yield "## Targets\n"
    rows = [judged(verdict, earlier) for verdict in targets.verdicts(results)]
    yield table(["figure", "target", "measured", "", "command"], rows)
    yield "## The machine\n"
    yield table(["part", "value"], [list(pair) for pair in results["machine"].items()])
    yield MOMENTS
    moments = results["moments"]
    rows = [
        [name, *moments[name].values()]
        if name in moments
        else kept_row(earlier, "The machine", name) or [name, "", "not measured", ""]
        for parts, _ in SECTIONS.values()
        for name in parts
    ]
    yield table(["part", "commit", "date", "load before"], rows)
    yield from compared()
    for heading, (parts, written) in SECTIONS.items():
        if all(part in results for part in parts):
            yield f"## {heading}\n"
            yield from written(results)
        else:
            yield kept_section(earlier, heading)
    yield from costs()
    yield MICRO


def judged(verdict: targets.Verdict, earlier: str) -> Row:
    """A row of the table of targets."""
    target = verdict.target
    if verdict.figure is None and (kept := kept_row(earlier, "Targets", target.what)):
        return kept
    sign = "at most" if target.is_most else "at least"
    figure = "" if verdict.figure is None else f"{verdict.figure:.2f} {target.unit}"
    again = f"`./scripts/bench {target.part}`"
    return [
        target.what,
        f"{sign} {target.bound:g} {target.unit}".strip(),
        figure.strip(),
        verdict.word,
        again,
    ]


def compared() -> Iterator[str]:
    """The subjects."""
    yield """## Subjects

| name | what it is |
|---|---|
| ours | the functions of this repository, as deployed |
| floor | an empty function on `lambda_http`, with the same release profile |
| floor + secret | the floor with one bare GetSecretValue |
| floor + trips | the floor with a bare round trip for each of this function's until its first response: see [cold start](#cold-start) |
| stock Rust | the same work as in the documentation of async-stripe, async-stripe-webhook, lambda_http and the AWS SDK. Without LTO, with cargo's own optimisation, stripped: with fat LTO it links for more than twenty minutes |
| Node | stripe-node over the raw body, a switch over the type, the secret from the AWS SDK, a conditional write of the event's id; one file minified by esbuild, on a minimal loop |
| Node on Postgres | `pg` with a pool of eight connections instead: it reads the order; then one transaction claims the event, changes the order if its version is the same, and inserts the notification, in the tables of ours |
| Python | the same with stripe-python, boto3, and Powertools' idempotency, on a minimal loop |

Only ours and Node's also run as plain HTTP servers: `lambda_http` and Python's guides for Lambda
have no server.

The peers are in [`bench/peers`](../bench/peers). They claim an event's id. Ours also updates the
order and writes the notification, in the same transaction, as Node does on Postgres. All of them
use one [stand-in](../bench/tools/src/bin/stand-in.rs) for Secrets Manager and DynamoDB, which
responds from memory, and one [sandbox](../sandbox) of Stripe. No peer asks Stripe who paid, so
ours omits the payer (`FAREBOX_PAYER=omit`): by default it is one more request for each payment.
"""


def cold(results: Results) -> Iterator[str]:
    """Cold starts."""
    rows = []
    for name, times in results["cold"].items():
        answers = times["answer_ms"]
        spread = [short(percentile(answers, share)) for share in (10, 50, 90)]
        init, cpu = (short(percentile(times[key], 50)) for key in ("init_ms", "cpu_ms"))
        rows.append([name, f"{cold_ratio(results, name, OURS):.2f}", *spread, init, cpu])
    rounds = len(results["cold"][OURS]["answer_ms"])
    yield f"""\
`./scripts/bench cold`: the time from the first event to its response under Lambda's Runtime
Interface Emulator, in milliseconds, including the reads of the secret and the table. It has
{rounds} rounds, in which each function starts once. *Ratio* is the median of the rounds' ratios to
our webhook. INIT is the emulator's time for the start alone. *CPU* is the processor time of the
function's process until its first response. Every payment is another guest's, at
another address, so that the deployed rate limits apply.

**The floor's round trips.** In each run the stand-ins count the requests of one cold start of ours:
{trips(results)}. For each the floor sends one request of the same kind to the same stand-in, and
waits for the response: GetSecretValue; GetItem for every request to the table, transactions too; a
greeting, a price, or a payment intent of Stripe. It sends them one after another, over one open
connection to each stand-in, without TLS or signatures, and does not parse the responses. Ours sends
some of them concurrently: it greets Stripe while it reads the table. A round trip on one machine
takes about a tenth of a millisecond, so this matters little. Most of the difference between ours
and the floor is our own work.
"""
    yield table(["function", "ratio", "p10", "median", "p90", "INIT", "CPU"], rows)
    yield image("cold", "Cold starts")
    yield f"""The functions on Postgres connect during their start: as a user whom the server
trusts, by a password (`scram-sha-256`), and by the password over TLS. The connection's share of
CPU: {connections(results)}. Without a password it is that of a function that already runs, whose
connections are ended; the password and TLS count with what they add to CPU.
"""


def connections(results: Results) -> str:
    """The processor time of a connection, and its share in a cold start, as text."""
    texts = []
    for name in [name for name in results["cold"] if name.startswith(figures.TRUSTED)]:
        spent = figures.connect_ms(results, name)
        share = spent / figures.cold_cpu_ms(results, name)
        texts.append(f"{name.removeprefix('ours: ')}, {spent:.2f} ms or {share:.0%}")
    return "; ".join(texts)


def trips(results: Results) -> str:
    """The round trips of the floors, as text."""
    texts = []
    for name, counted in results["trips"].items():
        kinds = ", ".join(f"{counted.count(one)} {one}" for one in dict.fromkeys(counted))
        texts.append(f"{len(counted)} for {name} ({kinds})")
    return "; ".join(texts)


def memory(results: Results) -> Iterator[str]:
    """Memory and sizes."""
    rows = []
    for name, sizes in results["sizes"].items():
        peak = results["memory"].get(name)
        memory_ = f"{peak / 1e6:.1f}" if peak else ""
        base = CREATE if name.endswith("create-intent") else OURS
        ratio = f"{sizes['bytes'] / results['sizes'][base]['bytes']:.1f}"
        rows.append(
            [name, memory_, f"{sizes['bytes'] / 1e6:.1f}", ratio, f"{sizes['zip'] / 1e6:.1f}"]
        )
    yield """\
`./scripts/bench memory`: the peak resident set after 500 requests (8 kB events), and the size of a
deployment, in MB of a million bytes. The sizes do not include Node's and Python's runtimes. *Ratio*
is to ours of the same kind, or to our webhook. Each function has all three databases in it.
"""
    yield table(["function", "peak memory", "deployed", "ratio", "zip"], rows)
    yield image("memory", "Peak memory")


def server(results: Results) -> Iterator[str]:
    """The warm webhook on Postgres."""
    figures_ = {name: figures.warm(results, name, **targets.ON_POSTGRES) for name in (OURS, NODE)}
    spent = {name: short(figures.cpu_us(rows)) for name, rows in figures_.items()}
    yield f"""\
`./scripts/bench server`: the same events and figures, of plain servers on Postgres, each with a
database of its own. Postgres and the load generator run on the same machine; their processor time
does not count. An event of 8 kB takes {spent[OURS]} µs of the processor in ours, and
{spent[NODE]} µs in Node. `farebox serve` also delivers the notifications, here to its log, and
runs `reconcile`: its processor time is that until all are delivered. Every function has up to
eight connections. *Payer* also asks Stripe who paid, which is the default.

Ours sends a transaction at once, from BEGIN to COMMIT, and so waits twice for Postgres: for the
read and for the transaction. `pg` waits for the answer to each statement: six times.
"""
    yield table(WARM_HEAD, warm_rows(results, results["server"]))


def warm(results: Results) -> Iterator[str]:
    """The warm webhook."""
    yield """\
`./scripts/bench warm`: signed events, each about a new order, from the load generator of
`bench/tools`. On `lambda` the host is `cargo lambda watch --only-lambda-apis`; `http` is a plain
server. *Per core* is the number of requests per second of the function's processor time, as a ratio
to ours. *Kernel* is the kernel's share of that time. At the settings of a target, the figures are
the medians of several turns.

On `lambda` a process serves one request at a time. Ours waits four times for each: for the event,
for the read of the table, for the transaction, and for the end of its response. Node's peer writes
one item, reads none, and waits three times. After each wait the kernel wakes the process up with
cold processor caches; a plain server handles several requests between two waits. Ours would gain
most from one wait less: a transaction that does not read its order first.
"""
    yield table(WARM_HEAD, warm_rows(results, results["warm"]))
    yield image("warm", "Requests per core")


WARM_HEAD = [
    "host",
    "instances",
    "size",
    "clients",
    "function",
    "per core",
    "kernel",
    "requests/s",
    "p50 ms",
    "p99 ms",
]


def warm_rows(results: Results, measured: list[Any]) -> list[Row]:
    """The rows of a table of warm webhooks."""
    rows = []
    for name, where in warm_places(measured):
        turns = figures.warm(results, name, **where)
        ratio = figures.per_core_ratio(results, name, OURS, **where)
        kernel = median(row["kernel_seconds"] / max(row["cpu_seconds"], 0.01) for row in turns)
        rate = median(row["requests"] / row["seconds"] for row in turns)
        # Fewer than a hundred requests have no 99th percentile.
        times = [median(row[key] / 1000 for row in turns) for key in ("p50_us", "p99_us")]
        shown = [short(times[0]), short(times[1]) if turns[0]["requests"] >= 100 else ""]
        rows.append(
            [*map(str, where.values()), name, f"{ratio:.2f}", f"{kernel:.0%}", short(rate), *shown]
        )
    return rows


def warm_places(measured: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The subjects and their settings, in the order of their measurement."""
    seen = {(row["name"], *(row[key] for key in targets.WARM)): row for row in measured}
    for row in seen.values():
        yield row["name"], {key: row[key] for key in targets.WARM}


def instructions(results: Results) -> Iterator[str]:
    """Instructions."""
    found = results["instructions"]
    yield f"""\
`./scripts/bench instructions`: instructions under callgrind for an event of {found["size"]}, on a
plain server. The limit is one HMAC over the bytes, and one pass of a JSON parser that stores
nothing.
"""
    named = {
        "the limit": "limit",
        "ours, SQLite": "sqlite",
        "ours, Postgres": "postgres",
        "ours, DynamoDB": "dynamodb",
    }
    rows = [
        [name, f"{found[key] / found['limit']:.2f}", f"{found[key]:,.0f}"]
        for name, key in named.items()
    ]
    yield table(["", "ratio", "instructions"], rows)


def calls(results: Results) -> Iterator[str]:
    """Warm create-intent."""
    found = results["calls"]
    yield """\
`./scripts/bench calls`: Stripe is behind TLS and a round trip of 40 ms. The bare call creates a
payment intent over an open connection. The times are medians in milliseconds. Ours and the stock
function trust the benchmark's certificate, and are otherwise unchanged. Each caller is another
guest. *New customers* are callers with a role that creates a Stripe customer at the first payment,
which takes one more request to Stripe.
"""
    rows = []
    for name, row in found.items():
        added = "" if name == "bare call" else short(figures.added_ms(results, name))
        opened = row.get("connections_of_100")
        rows.append(
            [name, short(row["p50_us"] / 1000), added, "" if opened is None else f"{opened:g}"]
        )
    yield table(["function", "call", "added", "connections for 100 calls"], rows)


def growth(results: Results) -> Iterator[str]:
    """A growing database."""
    rows = []
    for part, database in {"growth": "SQLite", "growth_postgres": "Postgres"}.items():
        for count in sorted(results[part], key=int):
            row = [database, f"{int(count):,}"]
            for kind in ("webhook", "order"):
                time = figures.growth_ratio(results, kind, count, part)
                work = math.nan
                if "instructions" in results[part][count]:
                    work = figures.growth_in_instructions(results, kind, count, part)
                answer = median(one["p50_us"] / 1000 for one in results[part][count][kind])
                row += [f"{time:.2f}", f"{work:.2f}", short(answer)]
            rows.append(row)
    first = next(iter(results["growth"].values()))["webhook"]
    yield f"""\
`./scripts/bench growth`: databases with so many unpaid orders, as many processed events, and as
many delivered messages. In each of {len(first)} rounds, whose sizes alternate, `webhook` processes
{first[0]["requests"]} new events of 1 kB on a fresh copy of the database; each pays another order,
all over the database. Then `order` reads as many orders. Copies of a SQLite file are synced to the
disk; all are warmed by the same number of requests. The ratios to the smallest database are of the
function's processor time and of its instructions under callgrind, without Postgres's own; the
response times are medians in milliseconds.
"""
    head = [
        "database",
        "orders",
        "webhook, time",
        "webhook, instructions",
        "webhook, ms",
        "order, time",
        "order, instructions",
        "order, ms",
    ]
    yield table(head, rows)


def costs() -> Iterator[str]:
    """The costs on AWS, from docs/deploy-aws.md."""
    yield """## What a million payments cost on AWS

On DynamoDB every read and write is by key, so the number of orders does not matter. Tests assert
[the capacity units of each operation](dynamodb.md#what-is-read-and-written)
(`scripts/aws-stand-ins cargo test -p shared --lib store::tests::table -- --ignored`). These
sums in US dollars follow from them, with the prices of
[docs/deploy-aws.md](deploy-aws.md#what-it-costs):
"""
    text = (WORKSPACE / "docs" / "deploy-aws.md").read_text()
    [sums] = [block for block in text.split("\n\n") if "| **a million payments** |" in block]
    yield sums + "\n"


MOMENTS = """\
The machine is that of the latest date. *Load before* is the number of processes that wanted a core.
More than 0.5, without the benchmarks' own, makes times and some ratios unsteady.
"""

MICRO = """## Parts

`cargo bench -p shared --bench parts` measures the signature, the envelope and the state machine
with Criterion, to compare two versions of the code on one machine. It needs only Rust. This page
does not list its figures.
"""


def plot_of_cold_starts(results: Results) -> str:
    """Cold starts, with their spread."""
    rows = []
    for name, times in results["cold"].items():
        low, value, high = (percentile(times["answer_ms"], share) for share in (10, 50, 90))
        rows.append(Bar(name, value, low, high))
    return plot.bars("First event to its response: median, p10 to p90", "ms", rows)


def plot_of_memory(results: Results) -> str:
    """Peaks of memory."""
    rows = [Bar(name, peak / 1e6) for name, peak in results["memory"].items()]
    return plot.bars("Peak resident set after 500 requests", "MB", rows)


def plot_of_warm(results: Results) -> str:
    """Requests per processor time on Lambda's API."""
    here = [name for name, where in warm_places(results["warm"]) if where == targets.WARM]
    rows = [
        Bar(name, figures.per_core(figures.warm(results, name, **targets.WARM))) for name in here
    ]
    return plot.bars("Webhooks of 8 kB that one second of a processor serves", "requests", rows)


#: The name and the drawing of each plot, by its part.
PLOTS = {
    "cold": ("cold", plot_of_cold_starts),
    "memory": ("memory", plot_of_memory),
    "warm": ("warm", plot_of_warm),
}

#: The sections: the parts that each needs, and its text.
SECTIONS = {
    "Cold start": (["trips", "cold", "connect"], cold),
    "Memory and size": (["memory", "sizes"], memory),
    "Warm webhook": (["warm"], warm),
    "Warm webhook on Postgres": (["server"], server),
    "Instructions of a webhook": (["instructions"], instructions),
    "Warm create-intent": (["calls"], calls),
    "A growing database": (["growth", "growth_postgres"], growth),
}
