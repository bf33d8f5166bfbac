"""The crates that are linked into the programs, by cargo."""

import json
import subprocess
import tomllib
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.harness.program import environment
from testing.harness.workspace import WORKSPACE

#: Files that a licence may ask to pass on.
NOTICES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")


@dataclass(frozen=True)
class Crate:
    """A crate and its direct dependencies."""

    id: str
    name: str
    version: str
    #: An SPDX expression.
    licence: str
    description: str
    #: The SHA-256 of the crate's archive; `None` for a crate of this workspace.
    checksum: str | None
    folder: Path
    needs: tuple[str, ...]

    @property
    def ref(self) -> str:
        """Its package URL; of a crate of this workspace, which crates.io does not have, the name
        and version."""
        name = f"{self.name}@{self.version}"
        return f"pkg:cargo/{name}" if self.checksum else name

    def notices(self) -> list[str]:
        """The texts of its licences."""
        files = sorted(path for path in self.folder.iterdir() if path.is_file())
        found = [path for path in files if path.name.upper().startswith(NOTICES)]
        return [path.read_text(errors="replace").strip() for path in found]


def linked(packages: list[str], target: str) -> list[Crate]:
    """The crates that `packages` and their dependencies need on `target`, build scripts included;
    sorted."""
    command = ["cargo", "metadata", "--format-version=1", "--locked", f"--filter-platform={target}"]
    ran = subprocess.run(
        command, cwd=WORKSPACE, env=environment(), capture_output=True, text=True, check=True
    )
    metadata = json.loads(ran.stdout)
    described = {package["id"]: package for package in metadata["packages"]}
    edges = {node["id"]: _needs(node) for node in metadata["resolve"]["nodes"]}
    lock = tomllib.loads((WORKSPACE / "Cargo.lock").read_text())["package"]
    checksums = {(one["name"], one["version"]): one.get("checksum") for one in lock}
    members = metadata["workspace_members"]
    open_ids = deque(one for one in members if described[one]["name"] in packages)
    found: dict[str, Crate] = {}
    while open_ids:
        one = open_ids.popleft()
        if one not in found:
            found[one] = _crate(described[one], edges[one], checksums)
            open_ids.extend(edges[one])
    return sorted(found.values(), key=lambda crate: (crate.name, crate.version))


def _needs(node: dict[str, Any]) -> tuple[str, ...]:
    """The ids of a crate's dependencies, but for those of its tests."""
    kinds = {
        needed["pkg"]: {kind["kind"] for kind in needed["dep_kinds"]} for needed in node["deps"]
    }
    return tuple(sorted(one for one, kind in kinds.items() if kind != {"dev"}))


def _crate(
    package: dict[str, Any],
    needs: tuple[str, ...],
    checksums: dict[tuple[str, str], str | None],
) -> Crate:
    return Crate(
        id=package["id"],
        name=package["name"],
        version=package["version"],
        # An older form of "or".
        licence=" OR ".join(part.strip() for part in (package["license"] or "").split("/")),
        description=(package["description"] or "").strip(),
        checksum=checksums[package["name"], package["version"]],
        folder=Path(package["manifest_path"]).parent,
        needs=needs,
    )


def third_party(crates: list[Crate]) -> str:
    """The licences of the crates of others, each text once."""
    texts: dict[str, list[str]] = {}
    for crate in crates:
        if crate.checksum:
            for text in crate.notices() or [f"SPDX-License-Identifier: {crate.licence}"]:
                texts.setdefault(text, []).append(f"{crate.name} {crate.version}")
    rule = "=" * 100
    return "\n\n".join(f"{', '.join(names)}\n{rule}\n{text}\n" for text, names in texts.items())
