"""A built function under SAM's Runtime Interface Emulator."""

import json
import platform
from pathlib import Path
from typing import Any

import samcli

from testing.harness.program import Program, environment, free_port
from testing.harness.shop import Answer, request

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}


def architecture() -> str:
    """This machine's architecture, by AWS's name."""
    return ARCHITECTURES[platform.machine()]


class Emulator:
    """A function. It starts at the first event, and processes one event at a time."""

    def __init__(
        self, bootstrap: Path | str, variables: dict[str, str], log: Path, *arguments: str
    ):
        rapid = Path(samcli.__file__).parent / "local" / "rapid"
        emulator = rapid / f"aws-lambda-rie-{architecture()}"
        emulator.chmod(0o755)
        self.port, runtime = free_port(), free_port()
        addresses = {
            "--runtime-interface-emulator-address": self.port,
            "--runtime-api-address": runtime,
        }
        options = [word for name, port in addresses.items() for word in (name, f"127.0.0.1:{port}")]
        self._program = Program(
            [str(emulator), *options, str(bootstrap), *arguments],
            environment(**variables),
            log,
            Path(bootstrap).parent,
        )
        self._program.wait_for_port(self.port)

    def invoke(self, event: Any) -> Any:
        """The function's result for an event."""
        answer = self._post(event)
        assert answer.status == 200, answer.text
        return answer.json

    def failure(self, event: Any) -> Any:
        """The error for an event when the function does not start."""
        answer = self._post(event)
        assert answer.status >= 400, answer.text
        return answer.json

    def _post(self, event: Any) -> Answer:
        url = f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations"
        return request("POST", url, json.dumps(event).encode())

    def children(self) -> list[int]:
        """The ids of its child processes: the function."""
        return self._program.children()

    def output(self) -> str:
        """The output of the emulator and the function."""
        return self._program.output()

    def log_lines(self) -> list[dict[str, Any]]:
        """The function's log."""
        lines = self.output().splitlines()
        return [json.loads(line) for line in lines if line.startswith('{"timestamp"')]

    def stop(self) -> None:
        """Stops it."""
        self._program.stop()
