"""A function as an HTTP server: the same program that Lambda runs, as a process of its own."""

import json
import os
import signal
from pathlib import Path
from typing import Any

from aws.program import Program, environment


class Server:
    """One process of a function, on a free port."""

    def __init__(self, program: Path, variables: dict[str, str], log: Path):
        self._program = Program([str(program)], environment(PORT="0", **variables), log)
        self._program.wait_for("listening", self._address)
        self.url = f"http://{self._address()}/"

    def _address(self) -> str:
        found = [line["address"] for line in self.log_lines() if line.get("message") == "listening"]
        return found[0] if found else ""

    def log_lines(self) -> list[dict[str, Any]]:
        """What it has logged; a line that is being written is left out."""
        lines = self._program.output().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def kill(self) -> None:
        """Ends it at once, as a crash would."""
        os.kill(self._program.process.pid, signal.SIGKILL)
        self._program.process.wait(5)

    def stop(self) -> None:
        """Ends it."""
        self._program.stop()
