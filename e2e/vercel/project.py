"""The workspace as a project of Vercel's: a copy of it, which Vercel's tool builds.

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
#: The copy that is built, and the one in which `vercel dev` runs: that takes no project which a build is linked to.
TREE, DEV_TREE = FOLDER / "tree", FOLDER / "dev"
#: Where cargo keeps what it makes of both.
CARGO = FOLDER / "cargo"


def configuration() -> dict[str, Any]:
    """`vercel.json`."""
    return json.loads((WORKSPACE / "vercel.json").read_text())


def variables() -> dict[str, str]:
    """What Vercel's tool is run with. How it bundles is tested here, and not how cargo optimises: that takes
    minutes for each function, and `sam build` does it."""
    return environment(
        VERCEL_TELEMETRY_DISABLED="1", VERCEL_BUILD_IMAGE="1", NO_UPDATE_NOTIFIER="1",
        CARGO_NET_OFFLINE="true", CARGO_TARGET_DIR=str(CARGO),
        CARGO_PROFILE_RELEASE_LTO="off", CARGO_PROFILE_RELEASE_OPT_LEVEL="0",
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS="256",
    )


def dev_variables() -> dict[str, str]:
    """What `vercel dev` is run with. It builds in debug mode, and apart from the workspace: cargo cannot tell a copy's
    crates from the workspace's own in one folder, and would take those for these."""
    return environment(
        VERCEL_TELEMETRY_DISABLED="1", NO_UPDATE_NOTIFIER="1", CARGO_NET_OFFLINE="true",
        CARGO_TARGET_DIR=str(CARGO),
    )


def command(*arguments: str) -> list[str]:
    """A command of Vercel's tool, which keeps its settings to itself."""
    return [str(CLI), "--global-config", str(FOLDER / "settings"), *arguments]


def copy(tree: Path) -> None:
    """Brings a copy up to date. Files that are the same stay untouched, so that cargo builds what changed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=WORKSPACE, check=True, stdout=subprocess.PIPE,
    )
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    wanted = {name for name in names if (WORKSPACE / name).is_file()}
    for name in wanted:
        source, target = WORKSPACE / name, tree / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    for path in list(tree.rglob("*")):
        name = path.relative_to(tree)
        if path.is_file() and str(name) not in wanted and name.parts[0] not in {".vercel", "target"}:
            path.unlink()
    # Vercel's tool looks above the copy for a project that it is part of, and stops at such a folder.
    (FOLDER / ".vercel").mkdir(exist_ok=True)


def bring_dependencies() -> None:
    """Takes over, for `vercel dev`, what the other checks built of crates that are not the workspace's.

    cargo names what it makes of them alike in all folders, and would make the same again. What it makes of the
    workspace's own it names alike, too: it would take theirs for the copy's.
    """
    source, target = WORKSPACE / "target" / "debug", CARGO / "debug"
    if target.exists() or not source.exists():
        return
    command = ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline"]
    read = json.loads(subprocess.run(command, cwd=WORKSPACE, check=True, stdout=subprocess.PIPE).stdout)
    members = {package["name"] for package in read["packages"]}
    made = [path.name for path in (source / ".fingerprint").iterdir() if path.name.rpartition("-")[0] not in members]
    for name in made:
        for part in [".fingerprint", "build"]:
            if (source / part / name).exists():
                shutil.copytree(source / part / name, target / part / name)
    (target / "deps").mkdir()
    ids = {name.rpartition("-")[2] for name in made}
    for path in (source / "deps").iterdir():
        if path.stem.rpartition("-")[2] in ids:
            # The compiler replaces a library, and writes into the list of its sources.
            bring = shutil.copy2 if path.suffix == ".d" else os.link
            bring(path, target / "deps" / path.name)


def link() -> None:
    """Makes the copy a project that Vercel knows, as a build wants it."""
    project = TREE / ".vercel" / "project.json"
    project.parent.mkdir(parents=True, exist_ok=True)
    project.write_text('{"projectId":"prj_local","orgId":"team_local","settings":{}}')


@functools.cache
def built() -> Path:
    """The folder with a bundle for each function, built once for all tests."""
    copy(TREE)
    link()
    run(command("build", "--yes", "--standalone"), variables(), TREE, seconds=3600)
    return TREE / ".vercel" / "output" / "services"


def bundle(service: str) -> Path:
    """A function's bundle."""
    return built() / service / "functions" / "rust.func"


#: Where Vercel's proxy listens, whatever PORT says; so one bundle runs at a time.
PROXY_PORT = 3000


def check_that_the_port_is_free() -> None:
    """An error that says so, where Vercel's proxy cannot start."""
    with socket.socket() as one:
        if one.connect_ex(("127.0.0.1", PROXY_PORT)) == 0:
            raise RuntimeError(f"port {PROXY_PORT} is in use, and Vercel's proxy takes no other")


class Bundle:
    """A built function behind Vercel's own proxy, as it is run on Vercel."""

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
        """What proxy and function have said."""
        return self._program.output()

    def stop(self) -> None:
        """Ends the proxy, and the function that it started."""
        self._program.stop()


def build_for_dev(services: list[str]) -> None:
    """Brings the copy for `vercel dev` up to date, and builds in it exactly as Vercel's tool does, but before that is
    waited for."""
    copy(DEV_TREE)
    (DEV_TREE / "vercel.json").write_text(json.dumps(only(services)))
    bring_dependencies()
    for name in services:
        run(["cargo", "build", "-p", name, "--bin", name, "--quiet"], dev_variables(), DEV_TREE, seconds=1800)


class Dev:
    """Functions under `vercel dev`, without an account of Vercel's and with no other services than these."""

    def __init__(self, services: list[str], settings: dict[str, str], log: Path):
        build_for_dev(services)
        port = free_port()
        arguments = command("dev", "-L", "--yes", "--listen", f"127.0.0.1:{port}")
        self._program = Program(arguments, dev_variables() | settings, log, DEV_TREE)
        self.url = f"http://127.0.0.1:{port}"
        try:
            self._program.wait_for("each function was listening", lambda: self._listening() == len(services), 120)
        except (RuntimeError, TimeoutError):
            self.stop()
            raise

    def _listening(self) -> int:
        """How many functions listen, once Vercel's tool does."""
        said = self.output()
        return said.count('"message":"listening"') if "Available at" in said else 0

    def output(self) -> str:
        """What Vercel's tool and the functions have said."""
        return self._program.output()

    def stop(self) -> None:
        """Ends it, and the functions with it."""
        self._program.stop()


def only(services: list[str]) -> dict[str, Any]:
    """`vercel.json` as far as it is about these services."""
    whole = configuration()
    rewrites = [rewrite for rewrite in whole["rewrites"] if rewrite["destination"]["service"] in services]
    return {"services": {name: whole["services"][name] for name in services}, "rewrites": rewrites}


#: The functions that the tests run under `vercel dev`.
DEVELOPED = ["create-intent", "webhook"]

if __name__ == "__main__":
    print(built())
    build_for_dev(DEVELOPED)
