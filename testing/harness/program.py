"""Starts and stops programs for tests."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from testing.harness.workspace import WORKSPACE

T = TypeVar("T")

TOOLS = WORKSPACE / "target" / "aws" / "bin"


def free_port() -> int:
    """A free port of 127.0.0.1."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def environment(**variables: str) -> dict[str, str]:
    """`variables`, and what a program needs to find its tools; nothing else from this
    environment."""
    kept = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_NET_OFFLINE", "CARGO_INCREMENTAL"]
    kept.extend(["TMPDIR", "LANG"])
    base = {name: os.environ[name] for name in kept if name in os.environ}
    base["PATH"] = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    return base | {"SAM_CLI_TELEMETRY": "0"} | variables


def run(command: list[str | Path], variables: dict[str, str], folder: Path, seconds: float) -> None:
    """Runs a command to its end; shows its output if it fails."""
    ran = subprocess.run(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        timeout=seconds,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if ran.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{ran.stdout}")


def wait_until(
    what: str, condition: Callable[[], T], seconds: float = 20, pause: float = 0.02
) -> T:
    """Waits until `condition` returns a true value; returns it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(pause)
    raise TimeoutError(f"{what} did not happen in {seconds} s")


class Program:
    """A process and its children, with output to a file."""

    def __init__(
        self, command: list[str], variables: dict[str, str], log: Path, folder: Path = WORKSPACE
    ):
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def children(self) -> list[int]:
        """The ids of its child processes."""
        tasks = Path("/proc", str(self.process.pid), "task").iterdir()
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]

    def output(self) -> str:
        """Its output so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, what: str, condition: Callable[[], object], seconds: float = 20) -> None:
        """Waits until `condition` holds; raises with the output if the program ends first."""

        def look() -> object:
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended before {what}:\n{self.output()}")
            return condition()

        wait_until(what, look, seconds)

    def wait_for_port(self, port: int) -> None:
        """Waits until it listens."""

        def listens() -> bool:
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", port)) == 0

        self.wait_for(f"listening on {port}", listens)

    def stop(self) -> None:
        """Stops it and its remaining children."""
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self.process.wait(5)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass
