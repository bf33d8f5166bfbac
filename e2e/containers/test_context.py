"""The files that a build of the image gets, by .dockerignore."""

import io
import subprocess
import tarfile
import unittest
from pathlib import Path

from e2e.containers.images import PROGRAM
from testing.harness.workspace import WORKSPACE


def output(command: list[str], text: bytes = b"") -> bytes:
    """Runs a command in the workspace with `text` as its input; returns its output."""
    ran = subprocess.run(command, cwd=WORKSPACE, input=text, capture_output=True, check=True)
    return ran.stdout


def context() -> set[str]:
    """The paths of the files that `COPY . .` copies."""
    build = ["podman", "build", "--quiet", "--file=-", "."]
    image = output(build, b"FROM scratch\nCOPY . /\n").decode().strip()
    container = output(["podman", "create", image, "none"]).decode().strip()
    with tarfile.open(fileobj=io.BytesIO(output(["podman", "export", container]))) as tar:
        return {member.name for member in tar if member.isfile()}


def needed() -> set[str]:
    """The paths of the files that the compiler read for the program, and of the workspace's
    manifests and sources."""
    _, read = PROGRAM.with_suffix(".d").read_text().split(": ", 1)
    files = {Path(file).resolve() for file in read.split()}
    made = WORKSPACE / "target"
    paths = {str(file.relative_to(WORKSPACE)) for file in files if made not in file.parents}
    tracked = ["git", "ls-files", "Cargo.*", "*/Cargo.toml", "*.rs", ".cargo", ":!examples"]
    return paths | set(output(tracked).decode().split())


class Context(unittest.TestCase):
    def test_it_has_all_that_the_build_reads_and_no_keys_and_no_toolchain(self):
        secret = WORKSPACE / "bench" / ".env"
        secret.write_text("STRIPE_SECRET_KEY=sk_test_context\n")
        self.addCleanup(secret.unlink)

        sent = context()

        self.assertEqual(needed() - sent, set())
        for path in sent:
            self.assertFalse(Path(path).name.startswith((".env", "rust-toolchain")), path)
            self.assertNotIn(Path(path).parts[0], [".git", "target"], path)


if __name__ == "__main__":
    unittest.main()
