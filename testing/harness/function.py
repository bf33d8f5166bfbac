"""A function as a plain program: an HTTP server, or a command."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.harness import shop
from testing.harness.program import Program, environment
from testing.harness.shop import Answer
from testing.harness.workspace import WORKSPACE

Line = dict[str, Any]


class Function:
    """A function as a server."""

    def __init__(self, program: Path, variables: dict[str, str], log: Path):
        self._program = Program([str(program)], environment(PORT="0", **variables), log)
        self._program.wait_for("listening", self._address)
        self.url = f"http://{self._address()}/"

    def _address(self) -> str:
        said = re.search(r'"message":"listening","address":"([^"]+)"', self._program.output())
        return said.group(1) if said else ""

    def pay(self, key: str) -> Answer:
        """Calls `create-intent` for a cart, with an idempotency key."""
        headers = {"Authorization": f"Bearer {shop.token('ada')}", "Idempotency-Key": key}
        body = json.dumps({"items": [{"price": "mug", "quantity": 2}]}).encode()
        return shop.request("POST", self.url, body, headers | {"Content-Type": "application/json"})

    def deliver(self, event: bytes, signature: str = "") -> Answer:
        """Delivers an event to `webhook`, with a fresh signature by default."""
        headers = {"Stripe-Signature": signature or shop.signature(event)}
        return shop.request("POST", self.url, event, headers)

    def lines(self) -> list[Line]:
        """Its log."""
        return lines(self._program.output())

    def kill(self) -> None:
        """Kills it, like a crash."""
        self._program.process.kill()
        self._program.process.wait(5)

    def stop(self) -> None:
        """Stops it."""
        self._program.stop()


@dataclass
class Ended:
    """A finished command."""

    code: int
    output: str

    def lines(self) -> list[Line]:
        """Its log."""
        return lines(self.output)


def run(name: str, variables: dict[str, str], *arguments: str) -> Ended:
    """Runs a function as a command."""
    ran = subprocess.run(
        [binary(name), *arguments],
        env=environment(PORT="0", **variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return Ended(ran.returncode, ran.stdout)


def binary(name: str) -> Path:
    """The program of a function, built by `cargo build`."""
    return WORKSPACE / "target" / "debug" / name


def lines(output: str) -> list[Line]:
    """The log lines in a program's output."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]
