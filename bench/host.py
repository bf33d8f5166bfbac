"""A host for built functions: `cargo lambda watch --only-lambda-apis`."""

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from testing.harness.program import TOOLS, Program, environment, free_port
from bench import load
from bench.subjects import Subject
from bench.surroundings import Surroundings

#: Clock ticks per second, the unit of a process's time in /proc.
TICKS = 100

#: It hosts the programs of a cargo project by their names, and builds none of them.
NAMES = [f"f{number}" for number in range(100)]
MANIFEST = "\n".join(
    ['[package]\nname = "host"\nedition = "2024"\n[workspace]']
    + [f'[[bin]]\nname = "{name}"\npath = "main.rs"' for name in NAMES]
)


class LambdaHost:
    """Lambda's runtime API, and the processes that poll it."""

    def __init__(self, around: Surroundings):
        self.around, self.port = around, free_port()
        self._stack = ExitStack()
        command = [
            str(TOOLS / "cargo-lambda"),
            "lambda",
            "watch",
            "--only-lambda-apis",
            "--invoke-address",
            "127.0.0.1",
            "--invoke-port",
            str(self.port),
        ]
        project = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        (project / "Cargo.toml").write_text(MANIFEST)
        (project / "main.rs").write_text("fn main() {}")
        self._host = Program(command, environment(), around.folder / "lambda-host.log", project)
        self._names = iter(NAMES)
        self._stack.callback(self._host.stop)
        self._host.wait_for_port(self.port)

    def start(self, subject: Subject, instances: int = 1, **variables: str) -> "Running":
        """Starts a function; several instances poll in turn."""
        name = next(self._names)
        api = f"http://127.0.0.1:{self.port}/.rt/{name}"
        known = (
            self.around.variables | subject.variables | {"AWS_LAMBDA_RUNTIME_API": api} | variables
        )
        programs = []
        for number in range(instances):
            log = self.around.folder / f"{name}-{number}.log"
            programs.append(Program(subject.command, environment(**known), log))
            self._stack.callback(programs[-1].stop)
        url = f"http://127.0.0.1:{self.port}/2015-03-31/functions/{name}/invocations"
        return Running(subject, programs, url, is_lambda=True)

    def stop(self) -> None:
        """Stops the host and its functions."""
        self._stack.close()


class Running:
    """A running function: its URL, and the resources of its processes."""

    def __init__(self, subject: Subject, programs: list[Program], url: str, is_lambda: bool):
        self.subject, self.programs, self.url, self.is_lambda = subject, programs, url, is_lambda

    def cpu_seconds(self) -> float:
        """The processor time of its processes."""
        return sum(sum(times) for times in self._times())

    def kernel_seconds(self) -> float:
        """The kernel's share of it."""
        return sum(in_kernel for _, in_kernel in self._times())

    def _times(self) -> Iterator[tuple[float, float]]:
        """Seconds of each process: in total, and in the kernel."""
        for program in self.programs:
            stat = (load.PROC / str(program.process.pid) / "stat").read_text()
            own, in_kernel = map(int, stat.rpartition(")")[2].split()[11:13])
            yield own / TICKS, in_kernel / TICKS

    def processor_ms(self) -> float:
        """The processor time of its processes, in milliseconds, more exactly."""
        return sum(processor_ms(program.process.pid) for program in self.programs)

    def peak_memory(self) -> int:
        """The largest peak resident set of its processes, in bytes."""
        return max(self._high_water(program) for program in self.programs)

    def _high_water(self, program: Program) -> int:
        status = (load.PROC / str(program.process.pid) / "status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def stop(self) -> None:
        """Stops it."""
        for program in self.programs:
            program.stop()


def processor_ms(process: int) -> float:
    """The processor time of the threads of a process, by the scheduler's clock."""
    tasks = (load.PROC / str(process) / "task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def plain(subject: Subject, around: Surroundings, **variables: str) -> Running:
    """Starts a function as a plain HTTP server."""
    log = around.folder / f"plain-{time.monotonic_ns()}.log"
    known = environment(PORT="0", **(around.variables | subject.variables | variables))
    program = Program(subject.command, known, log)
    url = f"http://{listening(program)}{subject.path}"
    return Running(subject, [program], url, is_lambda=False)


def listening(program: Program) -> str:
    """The address of a function or a peer, once it listens."""
    program.wait_for("listening", lambda: address(program))
    return address(program)


def address(program: Program) -> str:
    """The address in its output, if any."""
    said = re.search(r'"message":"listening","address":"([^"]+)"', program.output())
    return said.group(1) if said else ""
