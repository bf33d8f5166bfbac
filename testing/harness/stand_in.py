"""A stand-in for AWS on this machine: ministack, on a port of its own, with no state when it starts.

What it has of what the stack needs: CloudFormation with SAM's transform, roles that are enforced, functions
as processes (one for each request at the same time), the table's stream with its filter, schedules, buses,
queues, log groups. What it lacks: the API's definition, throttling, alarms that fire, and, for the stream,
partial batches, bisection and a limit of attempts: it repeats a batch each second until
`MaximumRecordAgeInSeconds`, and then tells the dead-letter queue.
"""

from pathlib import Path
from typing import Any

import boto3

from testing.harness.program import TOOLS, Program, environment, free_port
from testing.harness.shop import request
from testing.harness.workspace import REGION

#: What ministack takes for an account's keys.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class StandIn:
    """One account in one region. Functions are processes of this machine, started when they are called."""

    def __init__(self, folder: Path):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.variables = CREDENTIALS | {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}
        # With AUTH, a function may do what its role permits. It keeps what it unpacks in TMPDIR, and would
        # listen on all addresses, and for MQTT too.
        settings = {
            "AUTH": "true", "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0",
            "TMPDIR": str(folder), "S3_DATA_DIR": str(folder / "s3"),
        }
        self._program = Program(
            [str(TOOLS / "ministack")], environment(**settings, **self.variables), folder / "ministack.log", folder
        )
        self._program.wait_for_port(port)
        self._program.wait_for("being ready", self._is_ready)

    def _is_ready(self) -> bool:
        return request("GET", f"{self.url}/_ministack/ready").status == 200

    def client(self, service: str) -> Any:
        """A client of one of its services."""
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )

    def output(self) -> str:
        """What it has logged, and what the functions have."""
        return self._program.output()

    @property
    def process_id(self) -> int:
        """Whose children the functions are."""
        return self._program.process.pid

    def stop(self) -> None:
        """Ends it, and every function that it runs."""
        self._program.stop()
