"""The workspace as a Vercel project: a copy, which Vercel's CLI builds.

`python -m e2e.vercel.project` builds it before the tests.
"""

import functools
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

from testing.harness.program import Program, environment, free_port, run
from testing.harness.workspace import WORKSPACE

CLI = WORKSPACE / "e2e" / "vercel" / "node_modules" / ".bin" / "vercel"
FOLDER = WORKSPACE / "target" / "vercel"
#: The copy for builds, and the one for `vercel dev`, which rejects a project that is linked to a
#: build.
TREE, DEV_TREE = FOLDER / "tree", FOLDER / "dev"
#: The cargo target folder of both.
CARGO = FOLDER / "cargo"


def configuration() -> dict[str, Any]:
    """`vercel.json`."""
    return json.loads((WORKSPACE / "vercel.json").read_text())


def variables() -> dict[str, str]:
    """The variables for Vercel's CLI. The tests are about bundles, so that cargo does not optimise:
    that takes minutes for each function, and `sam build` tests it."""
    return environment(
        VERCEL_TELEMETRY_DISABLED="1",
        VERCEL_BUILD_IMAGE="1",
        NO_UPDATE_NOTIFIER="1",
        CARGO_NET_OFFLINE="true",
        CARGO_TARGET_DIR=str(CARGO),
        CARGO_PROFILE_RELEASE_LTO="off",
        CARGO_PROFILE_RELEASE_OPT_LEVEL="0",
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS="16",
    )


def dev_variables() -> dict[str, str]:
    """The variables for `vercel dev`. It builds in debug mode, and in another target folder than
    the workspace: cargo would confuse the copy's crates with the workspace's."""
    return environment(
        VERCEL_TELEMETRY_DISABLED="1",
        NO_UPDATE_NOTIFIER="1",
        CARGO_NET_OFFLINE="true",
        CARGO_TARGET_DIR=str(CARGO),
    )


def command(*arguments: str) -> list[str]:
    """A command of Vercel's CLI, with its own settings."""
    return [str(CLI), "--global-config", str(FOLDER / "settings"), *arguments]


def bring(source: Path, target: Path) -> bool:
    """Updates a file's copy. Returns whether there is a file: other checks may remove theirs."""
    try:
        contents, mode = source.read_bytes(), source.stat().st_mode
    except (FileNotFoundError, IsADirectoryError):
        return False
    if not target.exists() or target.read_bytes() != contents:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(contents)
        target.chmod(mode)
    return True


def copy(tree: Path) -> None:
    """Updates a copy. Unchanged files stay untouched, so that cargo builds only changes."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=WORKSPACE,
        check=True,
        stdout=subprocess.PIPE,
    )
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    wanted = {name for name in names if bring(WORKSPACE / name, tree / name)}
    for path in list(tree.rglob("*")):
        name = path.relative_to(tree)
        if (
            path.is_file()
            and str(name) not in wanted
            and name.parts[0] not in {".vercel", "target"}
        ):
            path.unlink()
    # Vercel's CLI searches the parent folders for a project, and stops at such a folder.
    (FOLDER / ".vercel").mkdir(exist_ok=True)


def bring_dependencies() -> None:
    """Links the dependencies that other checks built, for `vercel dev`.

    cargo gives them the same names in all folders, and would build them again. It also gives the
    workspace's own crates the same names, so those are left out.
    """
    source, target = WORKSPACE / "target" / "debug", CARGO / "debug"
    if target.exists() or not source.exists():
        return
    command = ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline"]
    read = json.loads(
        subprocess.run(command, cwd=WORKSPACE, check=True, stdout=subprocess.PIPE).stdout
    )
    members = {package["name"] for package in read["packages"]}
    made = [
        path.name
        for path in (source / ".fingerprint").iterdir()
        if path.name.rpartition("-")[0] not in members
    ]
    for name in made:
        for part in [".fingerprint", "build"]:
            if (source / part / name).exists():
                shutil.copytree(source / part / name, target / part / name)
    (target / "deps").mkdir()
    ids = {name.rpartition("-")[2] for name in made}
    for path in (source / "deps").iterdir():
        if path.stem.rpartition("-")[2] in ids:
            # The compiler replaces a library file, but writes into the list of its sources.
            place = shutil.copy2 if path.suffix == ".d" else os.link
            place(path, target / "deps" / path.name)


def link() -> None:
    """Makes the copy a linked Vercel project, which a build requires."""
    project = TREE / ".vercel" / "project.json"
    project.parent.mkdir(parents=True, exist_ok=True)
    project.write_text('{"projectId":"prj_local","orgId":"team_local","settings":{}}')


def compile_all() -> None:
    """Compiles every function in one run of cargo, on all cores. Vercel's CLI runs cargo once for
    each function, one after another, and finds them compiled."""
    names = [word for name in configuration()["services"] for word in ("--package", name)]
    run(["cargo", "build", "--release", "--bins", *names], variables(), TREE, seconds=3600)


@functools.cache
def built() -> Path:
    """The folder of the functions' bundles, built once for all tests."""
    copy(TREE)
    compile_all()
    link()
    run(command("build", "--yes", "--standalone"), variables(), TREE, seconds=3600)
    return TREE / ".vercel" / "output" / "services"


def bundle(service: str) -> Path:
    """A function's bundle."""
    return built() / service / "functions" / "rust.func"


#: The port of Vercel's proxy, regardless of PORT; so one bundle runs at a time.
PROXY_PORT = 3000


def check_that_the_port_is_free() -> None:
    """Raises an error when the port of Vercel's proxy is in use."""
    with socket.socket() as one:
        if one.connect_ex(("127.0.0.1", PROXY_PORT)) == 0:
            raise RuntimeError(
                f"port {PROXY_PORT} is in use, and Vercel's proxy cannot use another"
            )


class Bundle:
    """A built function behind Vercel's own proxy, as on Vercel."""

    def __init__(self, service: str, settings: dict[str, str], log: Path):
        check_that_the_port_is_free()
        folder = bundle(service)
        clean = environment(VERCEL="1", VERCEL_ENV="production", **settings)
        self._program = Program([str(folder / "executable")], clean, log, folder)
        self.url = f"http://127.0.0.1:{PROXY_PORT}"
        try:
            self._program.wait_for_port(PROXY_PORT)
        except (RuntimeError, TimeoutError):
            self.stop()
            raise

    def output(self) -> str:
        """The output of the proxy and the function."""
        return self._program.output()

    def stop(self) -> None:
        """Stops the proxy and its function."""
        self._program.stop()


def build_for_dev(services: list[str]) -> None:
    """Updates the copy for `vercel dev`, and builds it as Vercel's CLI does, before a test waits
    for that."""
    copy(DEV_TREE)
    (DEV_TREE / "vercel.json").write_text(json.dumps(only(services)))
    bring_dependencies()
    for name in services:
        run(
            ["cargo", "build", "-p", name, "--bin", name, "--quiet"],
            dev_variables(),
            DEV_TREE,
            seconds=1800,
        )


class Dev:
    """Functions under `vercel dev`, without a Vercel account and without other services."""

    def __init__(self, services: list[str], settings: dict[str, str], log: Path):
        build_for_dev(services)
        port = free_port()
        arguments = command("dev", "-L", "--yes", "--listen", f"127.0.0.1:{port}")
        self._program = Program(arguments, dev_variables() | settings, log, DEV_TREE)
        self.url = f"http://127.0.0.1:{port}"
        try:
            self._program.wait_for(
                "each function was listening", lambda: self._listening() == len(services), 120
            )
        except (RuntimeError, TimeoutError):
            self.stop()
            raise

    def _listening(self) -> int:
        """The number of listening functions, once Vercel's CLI is ready."""
        said = self.output()
        return said.count('"message":"listening"') if "Available at" in said else 0

    def output(self) -> str:
        """The output of Vercel's CLI and the functions."""
        return self._program.output()

    def stop(self) -> None:
        """Stops it and its functions."""
        self._program.stop()


def only(services: list[str]) -> dict[str, Any]:
    """`vercel.json`, reduced to these services."""
    whole = configuration()
    rewrites = [
        rewrite for rewrite in whole["rewrites"] if rewrite["destination"]["service"] in services
    ]
    return {"services": {name: whole["services"][name] for name in services}, "rewrites": rewrites}


#: The functions that the tests run under `vercel dev`.
DEVELOPED = ["create-intent", "webhook"]

if __name__ == "__main__":
    print(built())
    build_for_dev(DEVELOPED)
