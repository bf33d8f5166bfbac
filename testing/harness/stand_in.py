"""A stand-in for AWS on this machine: ministack, on a free port, without state at its start.

It has CloudFormation with SAM's transform, enforced roles, functions as processes (one for each
concurrent request), the table's stream with its filter, schedules, buses, queues and log groups.

It lacks the API's definition, throttling and alarms. For the stream it lacks partial batches,
bisection and a limit of attempts: it retries a batch each second until `MaximumRecordAgeInSeconds`,
then sends it to the dead-letter queue.
"""

from pathlib import Path
from typing import Any

import boto3

from testing.harness.program import TOOLS, Program, environment, free_port
from testing.harness.shop import request
from testing.harness.workspace import REGION

#: ministack's credentials of an account.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class StandIn:
    """An account in one region. Functions are processes of this machine, started by their first
    request."""

    def __init__(self, folder: Path):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.variables = CREDENTIALS | {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}
        # With AUTH, it enforces the functions' roles. It unpacks into TMPDIR. By default it would
        # listen on all addresses, and for MQTT.
        settings = {
            "AUTH": "true",
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "TMPDIR": str(folder),
            "S3_DATA_DIR": str(folder / "s3"),
        }
        self._program = Program(
            [str(TOOLS / "ministack")],
            environment(**settings, **self.variables),
            folder / "ministack.log",
            folder,
        )
        self._program.wait_for_port(port)
        self._program.wait_for("being ready", self._is_ready)

    def _is_ready(self) -> bool:
        return request("GET", f"{self.url}/_ministack/ready").status == 200

    def client(self, service: str) -> Any:
        """A client of an AWS service."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def output(self) -> str:
        """Its log, and the functions' logs."""
        return self._program.output()

    @property
    def process_id(self) -> int:
        """The parent process of the functions."""
        return self._program.process.pid

    def stop(self) -> None:
        """Stops it and its functions."""
        self._program.stop()
