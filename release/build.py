"""Builds the programs of a release, in `target/lambda/NAME/bootstrap`; `python -m release.build
NAME...` builds some in advance.

cargo-lambda links by Zig, against an older glibc than this machine's.
"""

import os
import platform
import sys
from pathlib import Path

from testing.harness.program import environment, run
from testing.harness.workspace import WORKSPACE

#: The names of this machine's processor: a release's, AWS's and cargo-lambda's option.
PROCESSORS = {"x86_64": ("x64", "x86_64", []), "aarch64": ("arm64", "arm64", ["--arm64"])}


def functions() -> list[str]:
    """The names of all functions."""
    return sorted(path.name for path in (WORKSPACE / "functions").iterdir())


def build(packages: list[str], **variables: str) -> None:
    """Compiles the programs of `packages` in one run of cargo, which links as many at a time as
    there are cores, and unifies their features: they should agree about those.

    `CARGO_PROFILE_RELEASE_…` in the environment changes the profile.
    """
    profile = {name: os.environ[name] for name in os.environ if name.startswith("CARGO_PROFILE_")}
    _, _, option = PROCESSORS[platform.machine()]
    names = [word for package in packages for word in ("--package", package)]
    command = ["cargo", "lambda", "build", "--release", "--locked", *option, *names]
    run(command, environment(**profile | variables), WORKSPACE, seconds=3600)


def program(package: str) -> Path:
    """The program of a package, after `build`."""
    return WORKSPACE / "target" / "lambda" / package / "bootstrap"


if __name__ == "__main__":
    build(sys.argv[1:])
