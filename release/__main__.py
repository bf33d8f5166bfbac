"""Makes the files of a release: `scripts/dist`."""

import hashlib
import platform
import shutil
import sys
import tomllib
from pathlib import Path

from release import archive, crates, npm
from release.build import PROCESSORS, build, functions, program
from release.sbom import sbom
from release.template import of_zips
from testing.harness.workspace import WORKSPACE

SUMS = "SHA256SUMS"
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]


def main(folder: Path) -> None:
    """Writes the files of a release into `folder`, in place of those of an earlier run."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / SUMS).exists() and any(folder.iterdir()):
        sys.exit(f"error: {folder} has other files: name an empty folder")
    shutil.rmtree(folder)
    folder.mkdir()
    manifest = tomllib.loads((WORKSPACE / "Cargo.toml").read_text())
    version = manifest["workspace"]["package"]["version"]
    name, architecture, _ = PROCESSORS[platform.machine()]
    linux, aws = f"farebox-{version}-linux-{name}", f"farebox-{version}-aws-{name}"
    at = archive.commit_time()

    # One after the other: cargo would give the functions the features of the server.
    build(functions())
    build(["farebox"])

    programs = [*functions(), "farebox"]
    parts = crates.linked(programs, f"{platform.machine()}-unknown-linux-gnu")
    (folder / f"{linux}.cdx.json").write_text(sbom(programs, version, parts, at))

    common = {file: (0o644, (WORKSPACE / file).read_bytes()) for file in LICENCES}
    common["THIRD-PARTY-LICENSES.txt"] = (0o644, crates.third_party(parts).encode())
    server = {
        "farebox": (0o755, program("farebox").read_bytes()),
        "farebox.service": (0o644, read("deploy/systemd/farebox.service")),
        "env.example": (0o644, read(".env.example")),
        "README.md": (0o644, read("release/linux.md")),
    }
    archive.write_tar(folder / f"{linux}.tar.gz", server | common, at)

    template = of_zips(read("template.yaml").decode(), architecture, functions())
    zips = {
        f"{one}.zip": (0o644, archive.zip_program(program(one), at)) for one in functions()
    }
    deployment = {
        "template.yaml": (0o644, template.encode()),
        "README.md": (0o644, read("release/aws.md")),
    }
    archive.write_tar(folder / f"{aws}.tar.gz", zips | deployment | common, at)

    npm.pack(folder)
    licences = {file: text for file, (_, text) in common.items()}
    npm.pack_program(folder, name, program("farebox"), licences)
    sums = [f"{hashed(path)}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / SUMS).write_text("".join(sums))


def read(path: str) -> bytes:
    """A file of the workspace."""
    return (WORKSPACE / path).read_bytes()


def hashed(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


main(Path(sys.argv[1]))
