"""The images of the tests, made of this machine's files: a test cannot pull one."""

import re
import subprocess
import tempfile
from pathlib import Path

import samcli

from e2e.aws.build import made
from testing.harness.emulator import architecture
from testing.harness.workspace import WORKSPACE

DOCKERFILE = WORKSPACE / "deploy" / "docker" / "Dockerfile"
#: The program that the tests run in a container.
PROGRAM = WORKSPACE / "target" / "debug" / "farebox"

SAM_IMAGE = f"public.ecr.aws/lambda/provided:al2023-rapid-{architecture()}"


def libraries(*programs: Path) -> list[str]:
    """The shared libraries of the programs, and the loader."""
    linked = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    return sorted({word.lstrip("/") for word in linked.split() if word.startswith("/lib")})


def import_image(name: str, files: list[str], changes: list[str]) -> None:
    """Imports an image of `/tmp` and of `files`, arguments of `tar`; applies `changes`."""
    with tempfile.TemporaryDirectory() as empty:
        Path(empty, "tmp").mkdir(mode=0o1777)
        tar = ["tar", "--create", "--dereference", "--mode=755", f"--directory={empty}", "tmp"]
        with subprocess.Popen([*tar, *files], stdout=subprocess.PIPE) as packed:
            options = [word for change in changes for word in ("--change", change)]
            command = ["podman", "import", "--quiet", *options, "-", name]
            subprocess.run(command, stdin=packed.stdout, check=True, stdout=subprocess.DEVNULL)


def make_sam_image(**variables: str) -> None:
    """Builds an image of SAM's Lambda emulator and the libraries; sets `variables` for all
    functions."""
    rapid = Path(samcli.__file__).parent / "local" / "rapid" / f"aws-lambda-rie-{architecture()}"
    files = [
        f"--transform=s|^{rapid.name}$|var/rapid/aws-lambda-rie|",
        f"--directory={rapid.parent}",
        rapid.name,
        "--directory=/",
        *libraries(*made().glob("*/bootstrap")),
    ]
    import_image(SAM_IMAGE, files, [f"ENV {name}={value}" for name, value in variables.items()])


def make_server_image(name: str) -> None:
    """Builds the last stage of the Dockerfile, over this machine's libraries, with the program that
    is built already in place of the first stage."""
    import_image("localhost/base", ["--directory=/", *libraries(PROGRAM)], [])
    [stage] = re.findall(r"^FROM \$\{BASE\}\n.*", DOCKERFILE.read_text(), re.DOTALL | re.MULTILINE)
    with tempfile.TemporaryDirectory() as context:
        image = Path(context, "image")
        Path(image, "usr/local/bin").mkdir(parents=True)
        Path(image, "data").mkdir()
        Path(image, "usr/local/bin/farebox").hardlink_to(PROGRAM)
        file = Path(context, "Dockerfile")
        file.write_text(f"ARG BASE\nFROM scratch AS build\nCOPY image /image\n{stage}")
        build = ["podman", "build", "--quiet", "--format=docker", "--build-arg=BASE=localhost/base"]
        subprocess.run([*build, f"--tag={name}", context], check=True, stdout=subprocess.DEVNULL)
