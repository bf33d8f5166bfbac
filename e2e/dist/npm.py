"""The npm packages of a release, installed without a network."""

import json
import subprocess
from pathlib import Path

from testing.harness.program import environment
from testing.harness.workspace import WORKSPACE

#: The package's own folder: its dependencies are installed here by the lock file.
CLIENT = WORKSPACE / "packages" / "farebox"
OTHERS = {"dev", "devOptional", "optional", "peer"}


def npm(words: list[str | Path], folder: Path) -> None:
    """Runs npm in `folder`."""
    ran = subprocess.run(
        ["npm", *words], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise AssertionError(f"npm {words[0]} failed: {ran.stdout}{ran.stderr}")


def dependencies(folder: Path) -> list[Path]:
    """Packs into `folder` what the package needs at run time, as its lock file has it."""
    locked = json.loads((CLIENT / "package-lock.json").read_text())["packages"]
    needed = [CLIENT / path for path, one in locked.items() if path and not OTHERS & one.keys()]
    for one in needed:
        npm(["pack", "--ignore-scripts", f"--pack-destination={folder}", one], folder)
    return sorted(folder.glob("*.tgz"))


def install(packages: list[Path], scratch: Path) -> Path:
    """Installs packages into an empty folder, with an empty cache and no network; returns it.

    npm would get the dependencies from its registry. Here they come as files, too: those that
    `npm ci` made in the package's folder.
    """
    packed, site = scratch / "packed", scratch / "site"
    packed.mkdir()
    site.mkdir()
    quiet = ["--offline", "--no-audit", "--no-fund", f"--cache={scratch / 'cache'}"]
    npm(["install", *quiet, *dependencies(packed), *packages], site)
    return site
