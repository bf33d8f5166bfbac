"""The workspace as a project of Vercel's: a copy of it, which Vercel's tool builds."""

import functools
import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

from aws.program import Program, environment, run
from aws.template import WORKSPACE

CLI = WORKSPACE / "vercel" / "node_modules" / ".bin" / "vercel"
FOLDER = WORKSPACE / "target" / "vercel"
TREE = FOLDER / "tree"


def configuration() -> dict[str, Any]:
    """`vercel.json`."""
    return json.loads((WORKSPACE / "vercel.json").read_text())


def variables() -> dict[str, str]:
    """What Vercel's tool is run with. How it bundles is tested here, and not how cargo optimises: that takes
    minutes for each function, and `sam build` does it."""
    return environment(
        VERCEL_TELEMETRY_DISABLED="1", VERCEL_BUILD_IMAGE="1", NO_UPDATE_NOTIFIER="1",
        CARGO_NET_OFFLINE="true", CARGO_TARGET_DIR=str(FOLDER / "cargo"),
        CARGO_PROFILE_RELEASE_LTO="off", CARGO_PROFILE_RELEASE_OPT_LEVEL="0",
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS="256",
    )


def command(*arguments: str) -> list[str]:
    """A command of Vercel's tool, which keeps its settings to itself."""
    return [str(CLI), "--global-config", str(FOLDER / "settings"), *arguments]


def copy() -> None:
    """Brings the copy up to date. Files that are the same stay untouched, so that cargo builds what changed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=WORKSPACE, check=True, stdout=subprocess.PIPE,
    )
    names = [os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    wanted = {name for name in names if (WORKSPACE / name).is_file()}
    for name in wanted:
        source, target = WORKSPACE / name, TREE / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode)
    for path in list(TREE.rglob("*")):
        name = path.relative_to(TREE)
        if path.is_file() and str(name) not in wanted and name.parts[0] not in {".vercel", "target"}:
            path.unlink()
    # Vercel's tool looks above the copy for a project that it is part of, and stops at such a folder.
    (FOLDER / ".vercel").mkdir(exist_ok=True)


def link() -> None:
    """Makes the copy a project that Vercel knows, as a build wants it."""
    project = TREE / ".vercel" / "project.json"
    project.parent.mkdir(parents=True, exist_ok=True)
    project.write_text('{"projectId":"prj_local","orgId":"team_local","settings":{}}')


@functools.cache
def built() -> Path:
    """The folder with a bundle for each function, built once for all tests."""
    copy()
    link()
    run(command("build", "--yes", "--standalone"), variables(), TREE, seconds=3600)
    return TREE / ".vercel" / "output" / "services"


def bundle(service: str) -> Path:
    """A function's bundle."""
    return built() / service / "functions" / "rust.func"


#: Where Vercel's proxy listens, whatever PORT says; so one bundle runs at a time.
PROXY_PORT = 3000


class Bundle:
    """A built function behind Vercel's own proxy, as it is run on Vercel."""

    def __init__(self, service: str, settings: dict[str, str], log: Path):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", PROXY_PORT)) == 0:
                raise RuntimeError(f"port {PROXY_PORT} is in use, and Vercel's proxy takes no other")
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
