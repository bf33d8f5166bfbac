"""What is measured: ours, the floor under it, and the peers."""

import shutil
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.build import Built
from bench.surroundings import Surroundings


@dataclass(frozen=True)
class Subject:
    """A program, and what is its own in its environment."""

    name: str
    command: list[str]
    #: What is deployed of it.
    files: list[Path]
    variables: dict[str, str] = field(default_factory=dict)
    #: `webhook` or `create-intent`.
    kind: str = "webhook"

    @property
    def is_ours(self) -> bool:
        """Whether it is a function of this workspace."""
        return self.name.startswith("ours")


def subjects(built: Built, around: Surroundings) -> dict[str, Subject]:
    """All of them, by name."""
    address = around.aws_url.removeprefix("http://")
    stripe = around.stripe.url.removeprefix("http://")
    floor = [str(built.ours("floor"))]
    found = [
        ours(built, "webhook"),
        ours(built, "create-intent"),
        Subject("floor", floor, [built.ours("floor")]),
        Subject("floor + secret", floor, [built.ours("floor")], {"FLOOR_TRIPS": address}),
        # The secret, the table and Stripe at the start; then the table's read and its transaction.
        Subject("floor + webhook's trips", floor, [built.ours("floor")],
                {"FLOOR_TRIPS": ",".join([address, address, stripe, address, address])}),
        # As much; then the price and the intent at Stripe, and the intent noted: a read and a transaction.
        Subject("floor + create-intent's trips", floor, [built.ours("floor")],
                {"FLOOR_TRIPS": ",".join([address, address, stripe, address, address, stripe, stripe, address, address])}),
        node(built, "webhook"),
        node(built, "create-intent"),
        python(built),
    ]
    if not built.is_quick:
        found += [stock(built, "webhook"), stock(built, "create-intent")]
    return {subject.name: subject for subject in found}


def over_tls(built: Built, known: dict[str, Subject]) -> list[Subject]:
    """create-intent in each language, trusting the certificate of the sandbox behind TLS."""
    node = known["Node: create-intent"]
    if built.is_quick:
        return [node]
    ours, stock = known["ours: create-intent"], known["stock Rust: create-intent"]
    return [
        replace(ours, command=[str(built.ours("tls-create-intent"))]),
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
        raise RuntimeError("node is not there: install Node 20 or later")
    return Subject(f"Node: {kind}", [program, str(built.node(kind))], [built.node(kind)], {"TABLE": "node"}, kind)


def python(built: Built) -> Subject:
    """The peer in Python."""
    # That which its packages were installed for, without ours.
    program = str(Path(sys.base_prefix) / "bin" / "python3")
    files = [path for path in built.python.rglob("*") if path.is_file()]
    command = [program, str(built.python / "webhook.py")]
    return Subject("Python: webhook", command, files, {"TABLE": "python"})




def order(built: Built) -> Subject:
    """The function that tells an order's state."""
    return Subject("ours: order", [str(built.ours("order"))], [built.ours("order")], kind="order")
