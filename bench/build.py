"""Builds the subjects."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from testing.harness.program import environment, run
from testing.harness.workspace import WORKSPACE
from bench.certificate import make_certificate

TARGET = WORKSPACE / "target"
FOLDER = TARGET / "bench"
TLS = FOLDER / "tls"
PEERS = WORKSPACE / "bench" / "peers"
BANNER = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);"

#: Seconds; the peer with async-stripe takes minutes.
PATIENCE = 3600


@dataclass(frozen=True)
class Built:
    """The paths of the programs; `is_quick` means debug builds, without the slow ones."""

    is_quick: bool

    def ours(self, name: str) -> Path:
        """A program of the workspace, or the floor."""
        return TARGET / ("debug" if self.is_quick else "release") / name

    def stock(self, name: str) -> Path:
        """A peer in Rust with its own profile."""
        return TARGET / "stock" / name

    def node(self, name: str) -> Path:
        """A peer in Node, in one file."""
        return FOLDER / "node" / f"{name}.mjs"

    @property
    def python(self) -> Path:
        """The folder of the peer in Python, with its packages."""
        return FOLDER / "python"


def build(is_quick: bool, parts: list[str]) -> Built:
    """Builds the subjects of these parts, or of all, that are not up to date."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    make_certificate(TLS)

    def is_for(*some: str) -> bool:
        return not parts or not set(parts).isdisjoint(some)

    profile = [] if is_quick else ["--release"]
    if is_quick:
        # With the options of the other checks, so that nothing is built twice.
        cargo("build", "--workspace", "--exclude", "testing", "--bins")
    else:
        # One at a time, as for a deployment: cargo would unify the features of several.
        ours = functions() if is_for("memory") else ["webhook", "create-intent", "order"]
        for package in [*ours, "farebox", "stripe-sandbox", "bench-tools"]:
            cargo("build", "--package", package, *profile)
    rust = PEERS / "rust" / "Cargo.toml"
    cargo("build", "--manifest-path", rust, "--package", "floor", *profile)
    if not is_quick and is_for("cold", "memory", "warm"):
        cargo("build", "--manifest-path", rust, "--package", "stock", "--profile", "stock")
    if not is_quick and is_for("calls"):
        tls = ["build", "--manifest-path", PEERS / "tls" / "Cargo.toml", "--package"]
        cargo(*tls, "tls-ours", "--release", is_locked=False)
        cargo(*tls, "tls-stock", "--profile", "stock", is_locked=False)
    bundle()
    install()
    return Built(is_quick)


def functions() -> list[str]:
    """The names of our functions."""
    return sorted(folder.parent.name for folder in WORKSPACE.glob("functions/*/Cargo.toml"))


def cargo(*words: str | Path, is_locked: bool = True) -> None:
    """Runs cargo, with one target folder.

    A lock file that follows the functions' own dependencies may change: cargo adds their new
    dependencies.
    """
    print("  cargo", *words, flush=True)
    command = ["cargo", *words, *(["--locked"] if is_locked else []), "--target-dir", TARGET]
    # The first build downloads the peers' crates, even when the other checks are offline.
    variables = environment(BENCH_TLS=str(TLS)) | {"CARGO_NET_OFFLINE": "false"}
    run(command, variables, WORKSPACE, PATIENCE)


def bundle() -> None:
    """Bundles the peers in Node, each into one minified file."""
    folder = PEERS / "node"
    wanted = (folder / "package-lock.json").read_text()
    installed = FOLDER / "package-lock.json"
    if not installed.exists() or installed.read_text() != wanted:
        run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            environment(),
            folder,
            PATIENCE,
        )
        installed.write_text(wanted)
    options = [
        "--bundle",
        "--minify",
        "--platform=node",
        "--target=node20",
        "--external:pg-native",
        "--format=esm",
        f"--banner:js={BANNER}",
    ]
    for name in ["webhook", "webhook-pg", "create-intent"]:
        command = [
            "node_modules/.bin/esbuild",
            f"{name}.mjs",
            *options,
            f"--outfile={FOLDER}/node/{name}.mjs",
        ]
        run(command, environment(), folder, PATIENCE)


def install() -> None:
    """Builds the peer in Python, with its packages in one folder, compiled, as for Lambda."""
    source, folder = PEERS / "python", FOLDER / "python"
    wanted = source / "requirements.txt"
    if (
        not (folder / wanted.name).exists()
        or (folder / wanted.name).read_text() != wanted.read_text()
    ):
        pip = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--upgrade",
        ]
        run([*pip, "--target", folder, "--requirement", wanted], environment(), WORKSPACE, PATIENCE)
    for path in source.iterdir():
        if path.is_file():
            (folder / path.name).write_text(path.read_text())
    compiled = [sys.executable, "-m", "compileall", "-q", folder]
    subprocess.run(
        compiled,
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=PATIENCE,
    )
