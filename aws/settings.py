"""The variables that each function reads, as its source says.

A function is made of parts, such as `Till` or `Callers`; each is made `new` from the settings, and holds some of
their fields. The documentation of a field names its variables.
"""

import functools
import re
from pathlib import Path

from aws.template import WORKSPACE

SHARED = WORKSPACE / "shared" / "src"

#: Held in the secret, or set by a person for `sam local`.
KEYS = {
    "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "FAREBOX_SITE_KEY", "FAREBOX_FULFIL_SECRET",
}

#: What is read without being named by a field of a part: all open the ledger, which passes on what events say for
#: those that take them; an endpoint is sent signed messages; the host of any route reads where EventBridge has
#: Stripe's events from, which a rule sends to the webhook alone.
BESIDE = {
    "Intake": {"FAREBOX_FULFIL_EVENTS"}, "Courier": {"FAREBOX_FULFIL_SECRET"}, "webhook": {"STRIPE_EVENT_SOURCE"},
}

#: What a part holds with the rest of a field, and does not look at: who takes events counts failed attempts alone.
UNREAD = {"Intake": {"FAREBOX_LIMIT_CALLER", "FAREBOX_LIMIT_ADDRESS", "FAREBOX_CLIENT_ADDRESS"}}


def variables(documented: str) -> dict[str, set[str]]:
    """The variables that the documentation of each public field of a struct begins with, or names."""
    fields = re.findall(r"((?: +///.*\n)+) +pub (\w+): ([\w:<>]+),", documented)
    return {name: set(re.findall(r"`((?:FAREBOX|STRIPE|CRON)_\w+)`", text)) | of_module(kind) for text, name, kind in fields}


def of_module(kind: str) -> set[str]:
    """The variables of a field whose type is the settings of a module, such as `limits::Settings`."""
    if not kind.endswith("::Settings"):
        return set()
    path = SHARED / kind.removesuffix("::Settings") / "settings.rs"
    return set().union(*variables(struct(path.read_text(), "Settings")).values())


def struct(source: str, name: str) -> str:
    """The body of a struct."""
    [body] = re.findall(rf"^pub struct {name} {{\n(.*?)^}}", source, re.DOTALL | re.MULTILINE)
    return body


@functools.cache
def fields() -> dict[str, set[str]]:
    """The variables of each field of the settings."""
    return variables(struct((SHARED / "config.rs").read_text(), "Config"))


@functools.cache
def parts() -> dict[str, str]:
    """The body of `new` of all that is made from the settings, by the name of the type."""
    files = [path for folder in [SHARED, WORKSPACE / "functions"] for path in folder.glob("**/*.rs")]
    made = r"^impl (\w+) {\n(?:(?!^}).*\n)*?    pub(?:\(crate\))? fn new\(config: &Config.*\n((?:(?!^    }).*\n)*)"
    return {name: body for path in files for name, body in re.findall(made, path.read_text(), re.MULTILINE)}


def read_by(source: str) -> set[str]:
    """The variables that some code reads, and the parts that it makes from the settings do."""
    found = {name for field in re.findall(r"\bconfig\s*\.(\w+)\b(?!\()", source) for name in fields().get(field, set())}
    for part in re.findall(r"\b(\w+)::new\(&?config[,)]", source):
        if part != "Self":
            found |= (read_by(parts()[part]) | BESIDE.get(part, set())) - UNREAD.get(part, set())
    return found


def of_function(folder: str) -> set[str]:
    """The variables that a function reads; of the keys, those that it needs."""
    paths = (WORKSPACE / "functions" / folder / "src").glob("**/*.rs")
    source = "\n".join(path.read_text() for path in sorted(paths, key=Path.as_posix))
    needed = set(re.findall(r"\bneed::(\w+)", source))
    return read_by(source) | needed | BESIDE.get(folder, set())
