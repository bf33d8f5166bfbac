"""The image in which `sam local` runs functions, made on this machine: a test cannot pull one."""

import subprocess
import tempfile
from pathlib import Path

import samcli

from e2e.aws.build import made
from testing.harness.emulator import architecture

IMAGE = f"public.ecr.aws/lambda/provided:al2023-rapid-{architecture()}"


def libraries() -> list[str]:
    """The shared libraries of the functions, and the loader."""
    programs = made().glob("*/bootstrap")
    linked = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    return sorted({word.lstrip("/") for word in linked.split() if word.startswith("/lib")})


def make_image(**variables: str) -> None:
    """Builds an image of SAM's Lambda emulator and the libraries; sets `variables` for all
    functions."""
    rapid = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{architecture()}"
    with tempfile.TemporaryDirectory() as empty:
        Path(empty, "tmp").mkdir(mode=0o1777)
        files = [
            "tar",
            "--create",
            "--dereference",
            "--mode=755",
            f"--transform=s|^{rapid.name}$|var/rapid/aws-lambda-rie|",
            f"--directory={rapid.parent}",
            rapid.name,
            "--directory=/",
            *libraries(),
            f"--directory={empty}",
            "tmp",
        ]
        changes = [
            word
            for name, value in variables.items()
            for word in ("--change", f"ENV {name}={value}")
        ]
        with subprocess.Popen(files, stdout=subprocess.PIPE) as tar:
            command = ["podman", "import", "--quiet", *changes, "-", IMAGE]
            subprocess.run(command, stdin=tar.stdout, check=True, stdout=subprocess.DEVNULL)
