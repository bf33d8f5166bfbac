"""Builds the functions by `sam build`, once for all tests; `python -m e2e.aws.build` builds them in
advance."""

import functools
from pathlib import Path

from e2e.aws import template
from release.build import build, functions
from testing.harness.emulator import architecture
from testing.harness.program import TOOLS, environment, run
from e2e.aws.template import Template
from testing.harness.workspace import REGION, WORKSPACE

FOLDER = WORKSPACE / "target" / "aws-sam"
BUILD = FOLDER / "build"


#: Variables for the builds. Link-time optimisation takes most of the time of a build, for a smaller
#: and faster program, which the benchmarks measure. The tests are about behaviour.
WITHOUT_LTO = {"CARGO_PROFILE_RELEASE_LTO": "off"}


@functools.cache
def built() -> Path:
    """The folder of the built template, with a folder for each function; for this machine's
    architecture.

    Optimised builds take minutes. cargo keeps them in `target`.
    """
    # `sam build` runs cargo once for each function, one after another, and finds them compiled.
    build([*functions(), "panicking"], **WITHOUT_LTO)
    return _build(template.read(), BUILD)


@functools.cache
def panicking() -> Path:
    """The program of a function that panics on demand, built as the others are."""
    function = {
        "Type": "AWS::Serverless::Function",
        "Metadata": {"BuildMethod": "rust-cargolambda"},
        "Properties": {"CodeUri": "testing/panicking"},
    }
    whole = template.read()
    alike = {name: whole[name] for name in ["AWSTemplateFormatVersion", "Transform"]}
    properties = {
        name: whole["Globals"]["Function"][name] for name in ["Runtime", "Handler", "Architectures"]
    }
    alike["Globals"] = {"Function": properties}
    folder = _build(alike | {"Resources": {"PanickingFunction": function}}, FOLDER / "panicking")
    return folder / "PanickingFunction" / "bootstrap"


def _build(asked: Template, folder: Path) -> Path:
    """Builds a template into `folder`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    source = FOLDER / f"{folder.name}.yaml"
    asked["Globals"]["Function"]["Architectures"] = [architecture()]
    template.write(asked, source)
    command = [
        TOOLS / "sam",
        "build",
        "--template-file",
        source,
        "--base-dir",
        WORKSPACE,
        "--build-dir",
        folder,
        "--region",
        REGION,
    ]
    run(command, environment(**WITHOUT_LTO), WORKSPACE, seconds=3600)
    return folder


def made() -> Path:
    """The last result of `built`, for tests that run after others."""
    if not (BUILD / "template.yaml").exists():
        raise FileNotFoundError(f"{BUILD} does not exist: run the tests in e2e/aws/tests first")
    return BUILD


def bootstrap(function: str) -> Path:
    """The program of a function."""
    return built() / template.logical_id(function) / "bootstrap"


if __name__ == "__main__":
    print(built(), panicking(), sep="\n")
