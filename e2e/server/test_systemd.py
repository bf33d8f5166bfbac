"""deploy/systemd/farebox.service, by systemd's own checks."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from e2e.server.proxy import replaced
from testing.harness.workspace import WORKSPACE

UNIT = WORKSPACE / "deploy" / "systemd" / "farebox.service"
PROGRAM = WORKSPACE / "target" / "debug" / "farebox"


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
class Systemd(unittest.TestCase):
    def analyze(self, *arguments: str) -> str:
        """Runs `systemd-analyze` on the unit, with the program that is built; returns its output
        when it finds no fault."""
        with tempfile.TemporaryDirectory() as folder:
            unit = Path(folder, UNIT.name)
            unit.write_text(replaced(UNIT.read_text(), ("/usr/local/bin/farebox", str(PROGRAM))))
            command = ["systemd-analyze", *arguments, str(unit)]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def test_systemd_understands_every_line_of_the_unit(self):
        said = self.analyze("verify", "--man=no")
        ours = [line for line in said.splitlines() if UNIT.name in line]
        self.assertEqual(ours, [])

    def test_the_service_is_as_confined_as_the_guide_says(self):
        # Of 100; systemd calls less than 20 "OK".
        self.analyze("security", "--offline=yes", "--threshold=15", "--no-pager")


if __name__ == "__main__":
    unittest.main()
