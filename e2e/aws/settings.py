"""The variables that each function reads, by its source.

All functions open the same `App`; a function's source shows which parts of it the function uses.
The settings of each part are a struct in the part's module, and the documentation of each field
contains its variables.
"""

import re
from pathlib import Path

from testing.harness.workspace import WORKSPACE

SHARED = WORKSPACE / "shared" / "src"

#: In the secret, or set by hand for `sam local`.
KEYS = {
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "FAREBOX_SITE_KEY",
    "FAREBOX_NOTIFY_SECRET",
}


def of_module(module: str) -> set[str]:
    """The variables in the settings of a module."""
    source = (SHARED / module / "settings.rs").read_text()
    [body] = re.findall(r"^pub struct Settings {\n(.*?)^}", source, re.DOTALL | re.MULTILINE)
    return set(re.findall(r"`((?:FAREBOX|STRIPE)_\w+)`", body))


#: The rate limits of lookups and of failed charges.
LOOKS_UP = {"FAREBOX_LIMIT_CALLER", "FAREBOX_LIMIT_WINDOW"}
STOPS = {"FAREBOX_LIMIT_ATTEMPTS", "FAREBOX_LIMIT_WINDOW"}

#: The destination of notifications.
DELIVERS = {"FAREBOX_NOTIFY_URL", "FAREBOX_NOTIFY_SECRET"}

#: A part of the `App`, by a pattern of the source that uses it, and the variables that the part
#: reads.
PARTS = {
    r"\bAuthorized<": of_module("access"),
    # A change of a subscription asks it for one product, by the checkout file alone.
    r"\bProductChange\b": {"FAREBOX_CHECKOUT"},
    r"(?s)\A(?!.*\bProductChange\b).*\bCheckoutService\b": {"FAREBOX_CHECKOUT"}
    | of_module("purchase")
    | of_module("rate_limit")
    | of_module("stripe"),
    r"\bLookup::": LOOKS_UP,
    r"\bstripe\b": of_module("stripe"),
    r"\breturn_origins\b": {"FAREBOX_RETURN_ORIGINS"},
    r"\bprocessor\.process\b": {
        "FAREBOX_CONNECTED_ACCOUNTS",
        "FAREBOX_GRACE",
        "FAREBOX_NOTIFY_EVENTS",
        "FAREBOX_PAYER",
    }
    | STOPS
    | of_module("stripe"),
    r"\bprocessor\.refresh\b": {"FAREBOX_GRACE"},
    r"\bprocessor\.with_intent\b": {"FAREBOX_PAYER"} | of_module("stripe"),
    r"\bprocessor\.(?:refresh|settle)\b": {"FAREBOX_PAYER"}
    | STOPS
    | of_module("stripe"),
    r"\bapp\s*\.subscriptions\b": {"FAREBOX_GRACE", "FAREBOX_PAYER"} | of_module("stripe"),
    r"\bDeliverer\b|\bRequestDelivery\b": DELIVERS | of_module("stripe"),
    r"\bFromEventBridge\b": {"STRIPE_EVENT_SOURCE"},
    r"\bcron_secret\b": {"CRON_SECRET"},
    r"\breconcile_late\b": {"FAREBOX_RECONCILE_LATE"},
}


def code_of(folder: str) -> str:
    """The sources of a function, without comments."""
    paths = (WORKSPACE / "functions" / folder / "src").glob("**/*.rs")
    source = "\n".join(path.read_text() for path in sorted(paths, key=Path.as_posix))
    return re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)


def needed(folder: str) -> set[str]:
    """The variables that a function requires at its start, and its optional key."""
    return set(re.findall(r"\bneed::(?:OPTIONAL_)?(\w+)", code_of(folder)))


def delivers_on_vercel_alone(folder: str) -> bool:
    """Whether a function delivers notifications within its requests, which it does on Vercel."""
    return "RequestDelivery" in code_of(folder)


def of_function(folder: str) -> set[str]:
    """The variables that a function reads, with only the keys that it needs."""
    code, found = code_of(folder), needed(folder)
    for pattern, variables in PARTS.items():
        if re.search(pattern, code):
            found |= variables
    return found | ({"FAREBOX_SECRET_ID", "FAREBOX_SECRET_TTL"} if found & KEYS else set())
