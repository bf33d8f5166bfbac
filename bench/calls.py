"""Warm create-intent with a distant Stripe: its time beyond one bare request, and its
connections."""

import re
from typing import Any

from testing.harness import shop
from testing.harness.program import Program, environment, wait_until
from bench import cold, load
from bench.build import TLS
from bench.events import NUMBER
from bench.host import LambdaHost
from bench.subjects import Subject
from bench.surroundings import Surroundings

ROUND_TRIP_MS = 40

#: Untimed warm-up requests.
WARM_UP = 5


class Distance:
    """TLS in front of the sandbox, with a round-trip time."""

    def __init__(self, around: Surroundings):
        command = [
            str(around.built.ours("distance")),
            "--to",
            around.stripe.url.removeprefix("http://"),
            "--rtt-ms",
            str(ROUND_TRIP_MS),
            "--certificate",
            str(TLS / "certificate.der"),
            "--key",
            str(TLS / "key.der"),
        ]
        self._program = Program(command, environment(), around.folder / "distance.log")
        found = wait_until(
            "listening", lambda: re.search(r"listening on \S+:(\d+)", self._program.output())
        )
        self.url = f"https://localhost:{found.group(1)}"

    def connections(self) -> int:
        """The number of connections so far."""
        return self._program.output().count("connection\n")

    def stop(self) -> None:
        """Stops it."""
        self._program.stop()


def measure(
    subjects: list[Subject], around: Surroundings, host: LambdaHost, calls: int, first: int
) -> dict[str, Any]:
    """Times of the bare request and of each function, with the connections of its first `calls`
    requests."""
    distance = Distance(around)
    try:
        found = {"bare call": bare(around, distance, calls, first)}
        for subject in subjects:
            first += calls
            found[subject.name] = one(subject, around, host, distance, calls, first)
        return found
    finally:
        distance.stop()


def one(
    subject: Subject,
    around: Surroundings,
    host: LambdaHost,
    distance: Distance,
    calls: int,
    first: int,
) -> dict[str, Any]:
    """A function's figures; the warm-up counts connections, and is not timed."""
    variables = {
        "STRIPE_API_BASE": distance.url,
        "NODE_EXTRA_CA_CERTS": str(TLS / "certificate.pem"),
    }
    before = distance.connections()
    running = host.start(subject, **variables)
    options = words(subject, around)
    try:
        load.send(around, [running.url], [*options, "--first", str(first)], 1, WARM_UP)
        rest = [*options, "--first", str(first + WARM_UP)]
        figures = load.send(around, [running.url], rest, 1, calls - WARM_UP)
    finally:
        running.stop()
    opened = distance.connections() - before
    return figures | {"connections_of_100": opened * 100 / calls}


def bare(around: Surroundings, distance: Distance, calls: int, first: int) -> Any:
    """Creates payment intents over one connection, without a function."""
    body = around.folder / "bare.txt"
    body.write_text(f"amount=1999&currency=eur&metadata[order]=bare-{NUMBER}")
    headers = {
        "authorization": f"Bearer {shop.SECRET_KEY}",
        "content-type": "application/x-www-form-urlencoded",
        "idempotency-key": f"bare-{NUMBER}",
    }
    options = [
        "--body",
        str(body),
        "--ca",
        str(TLS / "certificate.der"),
        "--first",
        str(first),
        *as_words(headers),
    ]
    return load.send(around, [f"{distance.url}/v1/payment_intents"], options, 1, calls)


def words(subject: Subject, around: Surroundings) -> list[str]:
    """Options of the load generator for create-intent on a Lambda host."""
    body = around.folder / "create.json"
    body.write_text(cold.create_body(subject))
    payers = [
        "--site-key",
        shop.SITE_KEY,
        *(word for role in subject.roles for word in ("--role", role)),
    ]
    headers = as_words({"idempotency-key": f"cart-{NUMBER}"})
    return ["--body", str(body), *load.as_events("create-intent"), *payers, *headers]


def as_words(headers: dict[str, str]) -> list[str]:
    """Headers as options."""
    return [word for pair in headers.items() for word in ("--header", ": ".join(pair))]
