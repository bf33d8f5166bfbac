"""deploy/docker/compose.yaml with this machine's Postgres: a payment, a backup and its restore, by
the commands of docs/operations.md."""

import os
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from e2e.aws.commands import block
from e2e.containers.engine import assert_stops_well, is_healthy, podman, wait_until_healthy
from e2e.containers.images import make_server_image
from e2e.containers.postgres_image import make_postgres_image
from testing.harness.payment import pay
from testing.harness.shop import KEYS, Stripe, request, token
from testing.harness.workspace import WORKSPACE

COMPOSE = WORKSPACE / "deploy" / "docker" / "compose.yaml"
OPERATIONS = WORKSPACE / "docs" / "operations.md"
API = "http://127.0.0.1:8080/api"

#: `localhost` is this machine, as the containers see it. Podman's default for processes exceeds the
#: limit of scripts/containers.
OVERRIDE = """\
services:
  farebox:
    extra_hosts: ["localhost:GATEWAY"]
    ulimits:
      nproc: 1024
"""


class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.stripe = Stripe(cls.folder)
        cls.addClassCleanup(cls.stripe.stop)
        make_server_image("docker.io/library/farebox")
        make_postgres_image("docker.io/library/postgres:17")

    def setUp(self):
        # Debian's docker-compose is older than that line.
        text = COMPOSE.read_text().replace("name: farebox\n", "", 1)
        (self.folder / "compose.yaml").write_text(text)
        override = OVERRIDE.replace("GATEWAY", os.environ["HOST_GATEWAY"])
        (self.folder / "compose.override.yaml").write_text(override)
        settings = KEYS | {
            "POSTGRES_PASSWORD": "0123456789abcdef",
            "STRIPE_API_BASE": self.stripe.url.replace("127.0.0.1", "localhost"),
            "FAREBOX_NOTIFY_URL": "log:",
            "FAREBOX_RETURN_ORIGINS": "https://shop.example",
        }
        lines = [f"{name}={value}\n" for name, value in settings.items()]
        (self.folder / ".env").write_text("".join(lines))
        self.addCleanup(podman, "rm", "--force", "--all", "--volumes")

    def run_script(self, script: str) -> str:
        """Runs a script in the folder of compose.yaml; returns its output."""
        variables = os.environ | {"COMPOSE_PROJECT_NAME": "farebox"}
        ran = subprocess.run(
            ["bash", "-euc", script], cwd=self.folder, env=variables, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
        )
        self.assertEqual(ran.returncode, 0, ran.stdout)
        return ran.stdout

    def up(self, services: str = "") -> None:
        """Starts the services, and runs their health checks: Podman leaves that to systemd."""
        started = threading.Event()

        def check() -> None:
            while not started.wait(0.5):
                is_healthy("farebox_postgres_1")

        checking = threading.Thread(target=check)
        checking.start()
        try:
            self.run_script(f"docker-compose up --detach --no-build {services}")
        finally:
            started.set()
            checking.join()

    def start(self) -> None:
        """Starts all services, and waits until the server is healthy."""
        self.up()
        wait_until_healthy("farebox_farebox_1")

    def documented(self, text: str) -> str:
        """The command of the guide that contains `text`, for Debian's docker-compose."""
        return block(OPERATIONS, text).replace("docker compose", "docker-compose")

    def test_a_payment_survives_a_backup_and_a_restore(self):
        self.start()
        order = pay(API, self.stripe, "cart-1")
        self.assertEqual(order.json["status"], "paid", order.text)

        self.run_script(self.documented("pg_dump"))
        assert_stops_well(self, "farebox_farebox_1")
        self.run_script("docker-compose down --volumes")
        self.up("postgres")
        wait_until_healthy("farebox_postgres_1")
        self.run_script(self.documented("pg_restore"))
        # It does not recognize its network in what Podman tells.
        self.run_script("docker-compose down")
        self.start()

        known = {"Authorization": f"Bearer {token('ada')}"}
        restored = request("GET", f"{API}/order?id={order.json['orderId']}", None, known)
        self.assertEqual(restored.json["status"], "paid", restored.text)


if __name__ == "__main__":
    unittest.main()
