"""A Postgres of this machine's packages, on a free port of 127.0.0.1."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from testing.harness.program import free_port


class Postgres:
    """A cluster with a database `farebox`, and a user of that name who needs no password."""

    def __init__(self):
        # Postgres does not run as root, and its user cannot enter the folder of the tests.
        self._folder = Path(tempfile.mkdtemp(dir="/run"))
        shutil.chown(self._folder, "postgres")
        self.port = free_port()
        self._data = self._folder / "data"
        self._run("initdb", "--auth=trust", "--no-sync", f"--pgdata={self._data}")
        options = f"-p {self.port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = self._folder / "log"
        self._control("start", "-l", str(log), "-o", options)
        self.sql("CREATE ROLE farebox LOGIN", "CREATE DATABASE farebox OWNER farebox")
        #: In a container, `localhost` is this machine, by --add-host.
        self.url = f"postgres://farebox@localhost:{self.port}/farebox"

    def sql(self, *statements: str, database: str = "postgres") -> str:
        """Runs each statement; returns the rows as text."""
        commands = [f"--command={statement}" for statement in statements]
        place = [f"--host={self._folder}", f"--port={self.port}", f"--dbname={database}"]
        return self._run("psql", "--no-psqlrc", "--tuples-only", "--no-align", *place, *commands)

    def stop(self) -> None:
        """Stops it and deletes its files."""
        self._control("stop", "-m", "fast")
        shutil.rmtree(self._folder)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))[-1]
        command = ["runuser", "--user=postgres", "--", found, *arguments]
        # A server that it starts must not hold the pipe of its output.
        with tempfile.TemporaryFile("w+") as output:
            ran = subprocess.run(command, cwd="/", stdout=output, stderr=output, check=False)
            output.seek(0)
            text = output.read()
        if ran.returncode != 0:
            raise RuntimeError(f"{program} failed:\n{text}")
        return text
