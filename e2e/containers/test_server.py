"""The image of deploy/docker/Dockerfile: read-only, as a user without rights, over a volume or over
Postgres."""

import os
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from e2e.containers.images import make_server_image
from testing.harness.payment import pay
from testing.harness.program import free_port, wait_until
from testing.harness.shop import KEYS, Stripe, request

IMAGE = "localhost/farebox"
#: As in deploy/docker/compose.yaml.
CONFINED = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges"]


def podman(*arguments: str) -> str:
    """Runs `podman`; returns its output, or raises with it."""
    ran = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"podman {arguments[0]} failed: {ran.stdout}{ran.stderr}")
    return ran.stdout


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
        check = ["podman", "healthcheck", "run", name]

        def is_healthy() -> bool:
            return subprocess.run(check, capture_output=True, check=False).returncode == 0

        try:
            wait_until("the server is healthy", is_healthy, pause=0.2)
        except TimeoutError as late:
            self.fail(f"{late}: {podman('logs', name)}")
        return f"http://127.0.0.1:{port}/api"

    def assert_stops_well(self, name: str) -> None:
        """Stops the server as an engine does, and asserts that it ended by itself."""
        began = time.monotonic()
        podman("stop", "--time=60", name)
        self.assertLess(time.monotonic() - began, 10)
        ended = podman("inspect", "--format={{.State.ExitCode}} {{.State.OOMKilled}}", name)
        self.assertEqual(ended.split(), ["0", "false"], podman("logs", name))

    def test_a_payment_over_a_file_in_a_volume(self):
        options = [*self.options("sqlite:/data/farebox.sqlite"), "--volume=farebox-data:/data"]
        self.addCleanup(podman, "volume", "rm", "--force", "farebox-data")
        api = self.start("over-a-file", *options)

        order = pay(api, self.stripe, "cart-1")

        self.assertEqual(order.json["status"], "paid", order.text)
        said = podman("exec", "over-a-file", "farebox", "backup", "/data/copy.sqlite")
        self.assertTrue(said.startswith("wrote /data/copy.sqlite: 1 orders, "), said)
        wait_until("the site is notified", lambda: "order.paid" in podman("logs", "over-a-file"))
        self.assert_stops_well("over-a-file")

    def test_it_runs_as_a_user_without_rights_on_files_that_nobody_writes(self):
        command = ["podman", "run", "--rm", *self.options("sqlite:/farebox.sqlite"), IMAGE]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertIn("unable to open database file", ran.stdout)
        user = podman("inspect", "--format={{.Config.User}}", IMAGE)
        self.assertEqual(user.strip(), "65532:65532")


if __name__ == "__main__":
    unittest.main()
