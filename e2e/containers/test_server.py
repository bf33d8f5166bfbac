"""The image of deploy/docker/Dockerfile: read-only, as a user without rights, over a volume and
over Postgres."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from e2e.containers.engine import assert_stops_well, podman, wait_until_healthy
from e2e.containers.images import make_server_image
from e2e.containers.postgres import create_database
from testing.harness.payment import pay
from testing.harness.program import free_port, wait_until
from testing.harness.shop import KEYS, Stripe

IMAGE = "localhost/farebox"
#: As docs/deploy-server.md shows them.
CONFINED = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]


class Server(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.stripe = Stripe(folder)
        cls.addClassCleanup(cls.stripe.stop)
        make_server_image(IMAGE)

    def options(self, database: str) -> list[str]:
        """Options of `podman run`, with the settings of a shop over `database`."""
        settings = KEYS | {
            "DATABASE_URL": database,
            "STRIPE_API_BASE": self.stripe.url.replace("127.0.0.1", "localhost"),
            "FAREBOX_NOTIFY_URL": "log:",
            "FAREBOX_RETURN_ORIGINS": "https://shop.example",
        }
        variables = [f"--env={name}={value}" for name, value in settings.items()]
        return [*CONFINED, f"--add-host=localhost:{os.environ['HOST_GATEWAY']}", *variables]

    def start(self, name: str, *options: str) -> str:
        """Starts the server; returns the URL of its routes when it is healthy."""
        port = free_port()
        published = f"--publish=127.0.0.1:{port}:8080"
        podman("run", "--detach", f"--name={name}", published, *options, IMAGE)
        self.addCleanup(podman, "rm", "--force", "--volumes", name)
        wait_until_healthy(name)
        return f"http://127.0.0.1:{port}/api"

    def test_a_payment_over_a_file_in_a_volume(self):
        options = [*self.options("sqlite:/data/farebox.sqlite"), "--volume=farebox-data:/data"]
        self.addCleanup(podman, "volume", "rm", "--force", "farebox-data")
        api = self.start("over-a-file", *options)

        order = pay(api, self.stripe, "cart-1")

        self.assertEqual(order.json["status"], "paid", order.text)
        said = podman("exec", "over-a-file", "farebox", "backup", "/data/copy.sqlite")
        self.assertTrue(said.startswith("wrote /data/copy.sqlite: 1 orders, "), said)
        wait_until("the site is notified", lambda: "order.paid" in podman("logs", "over-a-file"))
        assert_stops_well(self, "over-a-file")

    def test_payments_by_two_servers_over_one_postgres_and_its_pooler(self):
        direct, pooled = create_database("two_servers")

        migrated = podman("run", "--rm", *self.options(direct), IMAGE, "migrate")
        self.assertTrue(migrated.startswith("migrated the schema from 0 to "), migrated)
        again = podman("run", "--rm", *self.options(direct), IMAGE, "migrate")
        self.assertIn(" already", again)
        servers = {"direct": direct, "pooled": pooled}
        apis = {name: self.start(name, *self.options(url)) for name, url in servers.items()}

        for name, api in apis.items():
            order = pay(api, self.stripe, f"cart-{name}")
            self.assertEqual(order.json["status"], "paid", order.text)
        for name in apis:
            assert_stops_well(self, name)

    def test_it_runs_as_a_user_without_rights_on_files_that_nobody_writes(self):
        command = ["podman", "run", "--rm", *self.options("sqlite:/farebox.sqlite"), IMAGE]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertIn("unable to open database file", ran.stdout)
        user = podman("inspect", "--format={{.Config.User}}", IMAGE)
        self.assertEqual(user.strip(), "65532:65532")


if __name__ == "__main__":
    unittest.main()
