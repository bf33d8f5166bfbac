"""The commands in the documents, as a reader copies them."""

import re
import subprocess
from pathlib import Path

from testing.harness.workspace import WORKSPACE

LOCAL = WORKSPACE / "docs" / "local.md"
GUIDE = WORKSPACE / "docs" / "deploy-aws.md"


def block(document: Path, text: str) -> str:
    """The one command block of a document that contains `text`."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)
    [found] = [one for one in blocks if text in one]
    return found


def shell(
    script: str, variables: dict[str, str], text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a script in the workspace, with aliases as in an interactive shell; `text` is its
    input."""
    return subprocess.run(
        ["bash", "-euc", f"shopt -s expand_aliases\n{script}"],
        cwd=WORKSPACE,
        env=variables,
        input=text or "",
        text=True,
        capture_output=True,
        timeout=300,
        check=False,
    )
