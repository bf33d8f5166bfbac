"""Calls to the engine that `scripts/containers` starts."""

import subprocess
import time
import unittest

from testing.harness.program import wait_until


def podman(*arguments: str) -> str:
    """Runs `podman`; returns its output, or raises with it."""
    ran = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"podman {arguments[0]} failed: {ran.stdout}{ran.stderr}")
    return ran.stdout


def is_healthy(container: str) -> bool:
    """Runs the container's health check, as systemd would where it runs."""
    check = ["podman", "healthcheck", "run", container]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


def wait_until_healthy(container: str) -> None:
    """Waits until the container is healthy; raises with its log if it is not."""
    try:
        wait_until("it is healthy", lambda: is_healthy(container), pause=0.2)
    except TimeoutError as late:
        said = subprocess.run(["podman", "logs", container], capture_output=True, text=True)
        raise RuntimeError(f"{container}: {late}:\n{said.stdout}{said.stderr}") from late


def assert_stops_well(test: unittest.TestCase, container: str) -> None:
    """Stops the server as an engine does, and asserts that it ended by itself, soon."""
    began = time.monotonic()
    podman("stop", "--time=60", container)
    test.assertLess(time.monotonic() - began, 10)
    ended = podman("inspect", "--format={{.State.ExitCode}} {{.State.OOMKilled}}", container)
    test.assertEqual(ended.split(), ["0", "false"], podman("logs", container))
