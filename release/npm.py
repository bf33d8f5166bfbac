"""The npm packages: `farebox` for Next.js sites, and its program for this machine's platform."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from release.build import PROCESSORS
from testing.harness.workspace import WORKSPACE

CLIENT = "packages/farebox"
PROGRAM = "packages/cli"
#: The names of a release's processors: Node.js names them alike.
NAMES = [name for name, _, _ in PROCESSORS.values()]


def platform_package(name: str) -> str:
    """The name of the package with the program for a processor."""
    return f"@farebox/linux-{name}"


def pack(folder: Path) -> None:
    """Writes `farebox` into `folder`: it names the programs' packages, in its own version."""
    source = WORKSPACE / CLIENT
    subprocess.run(["node", "scripts/prepare.mjs"], cwd=source, check=True)
    manifest = read_manifest(CLIENT)
    version = manifest["version"]
    # They are for the work on it: npm warns of the script when a site installs the package.
    del manifest["scripts"], manifest["devDependencies"]
    manifest["optionalDependencies"] = {platform_package(name): version for name in NAMES}
    with tempfile.TemporaryDirectory() as staged:
        for name in manifest["files"]:
            if (source / name).is_dir():
                shutil.copytree(source / name, Path(staged, name))
            else:
                path = source / name
                shutil.copy(path if path.exists() else WORKSPACE / name, staged)
        write(manifest, Path(staged), folder)


def pack_program(folder: Path, name: str, program: Path, licences: dict[str, bytes]) -> None:
    """Writes the package with `program` for the processor `name`, and `licences`, into `folder`."""
    manifest = read_manifest(PROGRAM)
    del manifest["private"]
    manifest |= {
        "name": platform_package(name),
        "version": read_manifest(CLIENT)["version"],
        "os": ["linux"],
        "cpu": [name],
        "libc": ["glibc"],
    }
    with tempfile.TemporaryDirectory() as staged:
        Path(staged, "bin").mkdir()
        shutil.copyfile(program, Path(staged, "bin", "farebox"))
        Path(staged, "bin", "farebox").chmod(0o755)
        for file, text in licences.items():
            Path(staged, file).write_bytes(text)
        write(manifest, Path(staged), folder)


def read_manifest(path: str) -> dict[str, Any]:
    """The manifest of a package of this workspace.

    On GitHub it names the repository: npm compares it with the one that signs the provenance.
    """
    manifest: dict[str, Any] = json.loads((WORKSPACE / path / "package.json").read_text())
    if repository := os.environ.get("GITHUB_REPOSITORY"):
        url = f"git+{os.environ['GITHUB_SERVER_URL']}/{repository}.git"
        manifest["repository"] = {"type": "git", "url": url, "directory": path}
    return manifest


def write(manifest: dict[str, Any], staged: Path, folder: Path) -> None:
    """Packs the files in `staged` with `manifest` into `folder`."""
    (staged / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
    command = ["npm", "pack", "--silent", "--ignore-scripts", f"--pack-destination={folder}"]
    subprocess.run(command, cwd=staged, check=True, stdout=subprocess.DEVNULL)
