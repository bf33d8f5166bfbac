"""The part of CloudWatch's filter patterns that the template uses."""

import json
import re
from typing import Any

PATTERN = re.compile(r"\{ \$(?:\.\['(?P<quoted>[\w.]+)'\]|\.(?P<plain>\w+)) (?P<test>=|>=|>) (?P<value>.+) \}")


def field_of(pattern: str) -> str:
    """The field that a pattern looks at."""
    found = _parse(pattern)
    return found["quoted"] or found["plain"]


def matches(pattern: str, line: dict[str, Any]) -> bool:
    """Whether a log line is counted."""
    found = _parse(pattern)
    value = line.get(field_of(pattern))
    if value is None or found["value"] == "*":
        return value is not None
    wanted = json.loads(found["value"])
    match found["test"]:
        case "=":
            return value == wanted
        case ">=":
            return value >= wanted
    return value > wanted


def _parse(pattern: str) -> re.Match[str]:
    if found := PATTERN.fullmatch(pattern):
        return found
    raise ValueError(f"not a pattern that this understands: {pattern}")
