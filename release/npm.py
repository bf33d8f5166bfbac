"""The npm package for Next.js sites."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from testing.harness.workspace import WORKSPACE

CLIENT = WORKSPACE / "packages" / "farebox"


def pack(folder: Path) -> None:
    """Writes the package into `folder`, with the licences.

    On GitHub it names the repository: npm compares it with the one that signs the provenance.
    """
    subprocess.run(["node", "scripts/prepare.mjs"], cwd=CLIENT, check=True)
    with tempfile.TemporaryDirectory() as staged:
        manifest = json.loads((CLIENT / "package.json").read_text())
        for name in manifest["files"]:
            source = CLIENT / name
            if source.is_dir():
                shutil.copytree(source, Path(staged, name))
            else:
                shutil.copy(source if source.exists() else WORKSPACE / name, staged)
        if repository := os.environ.get("GITHUB_REPOSITORY"):
            url = f"git+{os.environ['GITHUB_SERVER_URL']}/{repository}.git"
            manifest["repository"] = {"type": "git", "url": url, "directory": "packages/farebox"}
        Path(staged, "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
        command = ["npm", "pack", "--silent", "--ignore-scripts", f"--pack-destination={folder}"]
        subprocess.run(command, cwd=staged, check=True, stdout=subprocess.DEVNULL)
