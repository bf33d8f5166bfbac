"""Instructions of one webhook under callgrind, and of the minimum for the same bytes."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from testing.harness.program import environment
from bench import database, load
from bench.host import Running, plain
from bench.subjects import Subject
from bench.surroundings import Surroundings


def measure(
    subject: Subject,
    on_postgres: Subject,
    around: Surroundings,
    size: str,
    few: int,
    many: int,
    first: int,
) -> dict[str, Any]:
    """From two runs with different numbers of requests: their common part cancels out."""
    path = around.folder / "instructions.sqlite"
    database.fill(around, path, first + few + many)
    on_sqlite = replace(subject, variables={"DATABASE_URL": f"sqlite:{path}"})

    def per_request(run: Any) -> float:
        return (run(many, first + few) - run(few, first)) / (many - few)

    def on(subject: Subject) -> float:
        return per_request(lambda times, first: of_webhook(subject, around, size, times, first))

    return {
        "size": size,
        "limit": per_request(lambda times, _: of_limit(around, size, times)),
        "sqlite": on(on_sqlite),
        "postgres": on(on_postgres),
        "dynamodb": on(subject),
    }


def of_limit(around: Surroundings, size: str, times: int) -> int:
    """Instructions of the minimum, repeated."""
    log = around.folder / "limit.log"
    program = [
        str(around.built.ours("limit")),
        "--body",
        str(around.bodies[size]),
        "--times",
        str(times),
    ]
    command = [*callgrind(log), *program]
    subprocess.run(
        command, env=environment(), check=True, stdin=subprocess.DEVNULL, timeout=load.PATIENCE
    )
    return collected(log)


def of_webhook(
    subject: Subject, around: Surroundings, size: str, times: int, first: int
) -> int:
    """Instructions of a webhook, for so many events."""

    def deliver(running: Running) -> None:
        load.deliver(
            around,
            subject,
            [running.url],
            size,
            is_lambda=False,
            clients=1,
            requests=times,
            first=first,
        )

    return of(subject, around, deliver)


def of(subject: Subject, around: Surroundings, send: Callable[[Running], Any]) -> int:
    """Instructions of a function as a plain server, from start to end."""
    log = around.folder / "function.callgrind"
    running = plain(replace(subject, command=[*callgrind(log), *subject.command]), around)
    try:
        send(running)
    finally:
        running.stop()
    return collected(log)


def callgrind(log: Path) -> list[str]:
    """The valgrind command."""
    program = shutil.which("valgrind")
    if not program:
        raise RuntimeError("valgrind is not installed: on Debian and Ubuntu, install valgrind")
    return [program, "--tool=callgrind", f"--callgrind-out-file={log}.out", f"--log-file={log}"]


def collected(log: Path) -> int:
    """Reads callgrind's count of instructions."""
    said = re.search(r"Collected : (\d+)", log.read_text())
    if not said:
        raise RuntimeError(f"callgrind counted nothing:\n{log.read_text()}")
    return int(said.group(1))
