"""Cold starts under the Runtime Interface Emulator: from the first event to its response."""

import http.client
import json
import re
import time
from ipaddress import IPv4Address
from typing import Any

from testing.harness import shop
from testing.harness.emulator import Emulator
from testing.harness.workspace import WORKSPACE
from bench.events import NUMBER
from bench.host import processor_ms
from bench.subjects import Subject
from bench.surroundings import Surroundings


def measure(
    subjects: list[Subject], around: Surroundings, rounds: int, first: int
) -> dict[str, Any]:
    """Milliseconds of every start, in rounds, so that other load affects all subjects alike."""
    found: dict[str, Any] = {
        subject.name: {"answer_ms": [], "init_ms": [], "cpu_ms": []} for subject in subjects
    }
    for turn in range(rounds):
        number = first + turn
        # The order of the subjects rotates.
        shift = turn % len(subjects)
        for subject in subjects[shift:] + subjects[:shift]:
            for figure, value in start(subject, around, number).items():
                found[subject.name][figure].append(value)
    return found


def start(subject: Subject, around: Surroundings, number: int) -> dict[str, float]:
    """One start: the time until the first response, the emulator's init time, and the processor
    time of the function, which is the emulator's child."""
    around.seed(subject, number, 1)
    event = json.dumps(event_for(subject, around, number)).encode()
    log = around.folder / "cold.log"
    program, *arguments = subject.command
    emulator = Emulator(program, around.variables | subject.variables, log, *arguments)
    try:
        begun = time.perf_counter()
        status, text = post(emulator.port, event)
        took = (time.perf_counter() - begun) * 1000
        if status != 200 or json.loads(text or "{}").get("statusCode") != 200:
            raise RuntimeError(f"{subject.name} answered {text}:\n{emulator.output()}")
        said = re.search(r"INIT REPORT\(durationMs: ([0-9.]+)\)", emulator.output())
        if not said:
            raise RuntimeError(f"no INIT REPORT:\n{emulator.output()}")
        return {
            "answer_ms": took,
            "init_ms": float(said.group(1)),
            "cpu_ms": sum(map(processor_ms, emulator.children())),
        }
    finally:
        emulator.stop()


def post(port: int, body: bytes) -> tuple[int, str]:
    """The first request; the connection is opened before the function's time starts."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/2015-03-31/functions/function/invocations", body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def event_for(subject: Subject, around: Surroundings, number: int) -> Any:
    """An HTTP API event for this function, on the order with this number."""
    event = json.loads((WORKSPACE / "events" / f"{subject.kind}.json").read_text())
    numbered = f"{number:0{len(NUMBER)}}"
    if subject.kind == "webhook":
        body = around.bodies["1 kB"].read_text().replace(NUMBER, numbered)
        event["headers"]["stripe-signature"] = shop.signature(body.encode())
    else:
        body = create_body(subject).replace(NUMBER, numbered)
        # A new payer at a new address: one payer would exceed the rate limits.
        event["headers"]["authorization"] = f"Bearer {shop.token(f'payer-{number}')}"
        event["requestContext"]["http"]["sourceIp"] = str(IPv4Address(0x0A000000 + number))
        event["headers"]["idempotency-key"] = f"cart-{numbered}"
    event["headers"]["content-length"] = str(len(body.encode()))
    return event | {"body": body}


def create_body(subject: Subject) -> str:
    """The body for create-intent; a peer's price is fixed, and its order has a number."""
    if subject.is_ours:
        return json.dumps({"items": [{"price": "mug", "quantity": 2}]})
    return json.dumps({"orderId": f"cart-{NUMBER}"})
