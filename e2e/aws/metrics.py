"""The metrics that each function logs, as the sources say."""

import re

from e2e.aws import settings

#: The files of `shared` that log metrics, and a pattern of the source of each function that uses
#: them.
PARTS = {
    "secrets/store.rs": r"\bneed::(" + "|".join(sorted(settings.KEYS)) + r")\b|\bDeliverer\b",
    "delivery.rs": r"\bDeliverer\b",
    "processor.rs": r"\bprocessor\s*\.process\(",
    "processor/failed_charges.rs": r"\bprocessor\s*\.process\(",
    "store/accept.rs": r"\bprocessor\s*\.process\(",
    "rate_limit.rs": r"\bAuthorized<CreatePayment>",
}


def logged_by(source: str) -> set[str]:
    """The metrics that a source logs."""
    return set(re.findall(r"\bmetric\.\w+", source))


def of_shared() -> dict[str, set[str]]:
    """The metrics of each file of `shared` that logs any."""
    files = {path: logged_by(path.read_text()) for path in settings.SHARED.glob("**/*.rs")}
    return {str(path.relative_to(settings.SHARED)): found for path, found in files.items() if found}


def of_function(folder: str) -> set[str]:
    """The metrics that a function logs, by itself or by a part of `shared` that it uses."""
    code = settings.code_of(folder)
    found = logged_by(code)
    for file, metrics in of_shared().items():
        if re.search(PARTS[file], code):
            found |= metrics
    return found
