"""Runs the load generator; returns its figures."""

import json
import subprocess
from pathlib import Path
from typing import Any

from testing.harness import shop
from testing.harness.program import environment
from testing.harness.workspace import WORKSPACE
from bench.subjects import Subject
from bench.surroundings import Surroundings

PROC = Path("/proc")

#: The timeout of a run, in seconds.
PATIENCE = 120


def deliver(
    around: Surroundings,
    subject: Subject,
    urls: list[str],
    size: str,
    *,
    is_lambda: bool,
    clients: int,
    requests: int,
    first: int,
) -> Any:
    """Delivers signed events, each about a new order, which it first puts into the subject's
    database."""
    around.seed(subject, first, requests)
    words = [
        "--body",
        str(around.bodies[size]),
        "--sign",
        shop.WEBHOOK_SECRET,
        "--first",
        str(first),
    ]
    if is_lambda:
        words += as_events("webhook")
    return send(around, urls, words, clients, requests)


def as_events(kind: str) -> list[str]:
    """Options for a Lambda host, with the event of `events/`."""
    return ["--event", str(WORKSPACE / "events" / f"{kind}.json")]


def send(
    around: Surroundings, urls: list[str], words: list[str], clients: int, requests: int
) -> Any:
    """Sends requests; raises if one fails."""
    command = [
        str(around.built.ours("load")),
        "--clients",
        str(clients),
        "--requests",
        str(requests),
        *words,
    ]
    command += [word for url in urls for word in ("--url", url)]
    ran = subprocess.run(
        command,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if ran.returncode != 0:
        raise RuntimeError(f"the load generator failed:\n{ran.stderr}")
    figures = json.loads(ran.stdout)
    if figures["failed"]:
        raise RuntimeError(
            f"{figures['failed']} requests to {urls} failed, the first: {figures['failure']}"
        )
    return figures
