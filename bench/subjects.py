"""The subjects: our functions, the floor, and the peers."""

import shutil
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.build import Built, functions
from bench.postgres import Postgres


@dataclass(frozen=True)
class Subject:
    """A program and its variables."""

    name: str
    command: list[str]
    #: The files of a deployment.
    files: list[Path]
    variables: dict[str, str] = field(default_factory=dict)
    #: The function's name.
    kind: str = "webhook"
    #: The roles in the callers' tokens; without any, callers are guests.
    roles: tuple[str, ...] = ()
    #: The name of its database in Postgres; empty for a subject on DynamoDB.
    database: str = ""
    #: The path of its route as a plain server.
    path: str = "/"
    #: True when it also delivers notifications, in the background.
    delivers: bool = False

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
    return Subject(
        f"Node: {kind}",
        [node_program(), str(built.node(kind))],
        [built.node(kind)],
        {"TABLE": "node"},
        kind,
    )


def node_program() -> str:
    """Node itself."""
    program = shutil.which("node")
    if not program:
        raise RuntimeError("node is not installed: install Node 20 or later")
    return program


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


def on_postgres(subject: Subject, name: str, database: str, url: str) -> Subject:
    """The subject on a database in Postgres."""
    variables = subject.variables | {"DATABASE_URL": url}
    return replace(subject, name=name, database=database, variables=variables)


def servers(built: Built, postgres: Postgres) -> list[Subject]:
    """Plain servers on Postgres, each with a database of its own."""
    farebox = [str(built.ours("farebox")), "serve", "--bind", "127.0.0.1:0"]
    serve = Subject(
        "ours: farebox serve",
        farebox,
        [built.ours("farebox")],
        {"FAREBOX_NOTIFY_URL": "log:", "FAREBOX_RETURN_ORIGINS": "https://shop.example"},
        path="/api/webhooks/stripe",
        delivers=True,
    )
    webhook, payer = ours(built, "webhook"), {"FAREBOX_PAYER": "keep"}
    subjects = {
        "warm": webhook,
        "payer": replace(webhook, name=f"{webhook.name}, payer", variables=payer),
        "serve": serve,
        "node": node_on_postgres(built),
    }
    return [
        on_postgres(subject, subject.name, name, postgres.url(postgres.copy(name)))
        for name, subject in subjects.items()
    ]


def connecting(built: Built, postgres: Postgres) -> list[Subject]:
    """The webhook on Postgres, with and without a password and TLS; each with a database."""
    urls = {"": postgres.url_trusted, ", SCRAM": postgres.url, ", SCRAM, TLS": postgres.url_by_tls}
    names = [f"cold_{place}" for place in range(len(urls))]
    return [
        on_postgres(ours(built, "webhook"), f"ours: Postgres{auth}", name, url(postgres.copy(name)))
        for name, (auth, url) in zip(names, urls.items(), strict=True)
    ]


def node_on_postgres(built: Built) -> Subject:
    """The peer in Node with `pg`."""
    program = built.node("webhook-pg")
    return replace(node(built, "webhook"), command=[node_program(), str(program)], files=[program])


def others(built: Built) -> list[Subject]:
    """Our other functions; in a quick run one of them."""
    names = [name for name in functions() if name not in ("webhook", "create-intent")]
    return [ours(built, name) for name in (names[:1] if built.is_quick else names)]
