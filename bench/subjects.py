"""The subjects: our functions, the floor, and the peers."""

import shutil
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.build import Built


@dataclass(frozen=True)
class Subject:
    """A program and its variables."""

    name: str
    command: list[str]
    #: The files of a deployment.
    files: list[Path]
    variables: dict[str, str] = field(default_factory=dict)
    #: `webhook` or `create-intent`.
    kind: str = "webhook"
    #: The roles in the callers' tokens; without any, callers are guests.
    roles: tuple[str, ...] = ()

    @property
    def is_ours(self) -> bool:
        """True for a function of this workspace."""
        return self.name.startswith("ours")


def subjects(built: Built) -> dict[str, Subject]:
    """All subjects, by name."""
    found = [
        ours(built, "webhook"),
        ours(built, "create-intent"),
        Subject("floor", [str(built.ours("floor"))], [built.ours("floor")]),
        node(built, "webhook"),
        node(built, "create-intent"),
        python(built),
    ]
    if not built.is_quick:
        found += [stock(built, "webhook"), stock(built, "create-intent")]
    return {subject.name: subject for subject in found}


def over_tls(built: Built, known: dict[str, Subject]) -> list[Subject]:
    """create-intent in each language, trusting the sandbox's TLS certificate; ours for guests, and
    for customers."""
    node = known["Node: create-intent"]
    if built.is_quick:
        return [node]
    ours, stock = known["ours: create-intent"], known["stock Rust: create-intent"]
    ours = replace(ours, command=[str(built.ours("tls-create-intent"))])
    return [
        ours,
        replace(ours, name=f"{ours.name}, new customers", roles=("customer",)),
        replace(stock, command=[str(built.stock("tls-stock-create-intent"))]),
        node,
    ]


def ours(built: Built, kind: str) -> Subject:
    """A function of this workspace."""
    return Subject(f"ours: {kind}", [str(built.ours(kind))], [built.ours(kind)], kind=kind)


def stock(built: Built, kind: str) -> Subject:
    """The peer in Rust."""
    program = built.stock(f"stock-{kind}")
    return Subject(f"stock Rust: {kind}", [str(program)], [program], {"TABLE": "stock"}, kind)


def node(built: Built, kind: str) -> Subject:
    """The peer in Node."""
    program = shutil.which("node")
    if not program:
        raise RuntimeError("node is not installed: install Node 20 or later")
    return Subject(
        f"Node: {kind}",
        [program, str(built.node(kind))],
        [built.node(kind)],
        {"TABLE": "node"},
        kind,
    )


def python(built: Built) -> Subject:
    """The peer in Python."""
    files = [path for path in built.python.rglob("*") if path.is_file()]
    command = [python_program(), str(built.python / "webhook.py")]
    return Subject("Python: webhook", command, files, {"TABLE": "python"})


def python_program() -> str:
    """The Python of the peer's packages, without the harness's own packages."""
    return str(Path(sys.base_prefix) / "bin" / "python3")


def order(built: Built) -> Subject:
    """The function that reads an order."""
    return Subject("ours: order", [str(built.ours("order"))], [built.ours("order")], kind="order")
