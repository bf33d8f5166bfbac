"""The functions as `sam build` makes them, once for all tests."""

import functools
from pathlib import Path

from aws import template
from aws.emulator import architecture
from aws.program import TOOLS, environment, run
from aws.template import REGION, WORKSPACE

FOLDER = WORKSPACE / "target" / "aws-sam"


@functools.cache
def built() -> Path:
    """The folder of the built template, with a folder for each function; for this machine's processors.

    Optimised builds take minutes. cargo keeps them in `target`.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    source = FOLDER / "template.yaml"
    template.write(template.read(), source)
    folder = FOLDER / "build"
    command = [
        TOOLS / "sam", "build", "--template-file", source, "--base-dir", WORKSPACE, "--build-dir", folder,
        "--region", REGION, "--parameter-overrides", f"Architecture={architecture()}",
    ]
    run(command, environment(), WORKSPACE, seconds=3600)
    return folder


def bootstrap(function: str) -> Path:
    """The program of a function, named as its folder."""
    return built() / template.logical_id(function) / "bootstrap"
