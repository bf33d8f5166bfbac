"""Describes the machine."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from testing.harness.workspace import WORKSPACE
from bench.subjects import python_program as python


def describe() -> dict[str, str]:
    """Processor, memory, system, compilers."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GB",
        "system": f"{system()}, Linux {platform.release()}",
        "Rust": said("rustc", "--version"),
        "Node": said("node", "--version"),
        "Python": said(python(), "--version"),
    }


def moment() -> dict[str, str]:
    """The commit, the date and the load of a measurement."""
    return {
        "commit": said("git", "describe", "--always", "--dirty"),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def processor() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def system() -> str:
    """The distribution."""
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def said(*command: str) -> str:
    """Runs a program; returns its one line of output."""
    ran = subprocess.run(
        command,
        cwd=WORKSPACE,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=20,
        check=True,
    )
    return ran.stdout.strip()
