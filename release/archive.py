"""Archives that depend on their contents and on the commit's time alone."""

import gzip
import io
import os
import subprocess
import tarfile
import time
import zipfile
from pathlib import Path

from testing.harness.workspace import WORKSPACE

#: The earliest time that a zip can hold.
EARLIEST = 315_532_800


def commit_time() -> int:
    """The commit's time in Unix seconds, or `SOURCE_DATE_EPOCH`."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        asked = ["git", "log", "--max-count=1", "--format=%ct"]
        ran = subprocess.run(asked, cwd=WORKSPACE, capture_output=True, text=True, check=False)
        given = ran.stdout.strip() or "0"
    return max(int(given), EARLIEST)


def zip_program(program: Path, at: int) -> bytes:
    """A function's zip: the program as an executable `bootstrap`."""
    entry = zipfile.ZipInfo("bootstrap", time.gmtime(at)[:6])
    entry.create_system = 3  # Unix, where the next line is the mode of the file
    entry.external_attr = 0o100755 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(entry, program.read_bytes())
    return packed.getvalue()


def write_tar(path: Path, files: dict[str, tuple[int, bytes]], at: int) -> None:
    """Writes a `.tar.gz` with a folder of its own name; `files` are modes and contents."""
    folder = path.name.removesuffix(".tar.gz")
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, at) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for name, (mode, contents) in sorted(files.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode, entry.mtime = len(contents), mode, at
            archive.addfile(entry, io.BytesIO(contents))
