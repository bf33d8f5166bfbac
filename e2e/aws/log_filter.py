"""CloudWatch's filter patterns, as far as the template uses them."""

import json
import re
from typing import Any

CONDITION = re.compile(
    r"\$(?:\.\['(?P<quoted>[\w.]+)'\]|\.(?P<plain>\w+)) (?P<test>=|>=|>) (?P<value>[^|]+)"
)


def fields_of(pattern: str) -> set[str]:
    """The fields in a pattern."""
    return {_field(condition) for condition in _conditions(pattern)}


def matches(pattern: str, line: dict[str, Any]) -> bool:
    """Returns true when a log line matches: one of the pattern's conditions is enough."""
    return any(_holds(condition, line) for condition in _conditions(pattern))


def _holds(found: re.Match[str], line: dict[str, Any]) -> bool:
    value = line.get(_field(found))
    if value is None or found["value"] == "*":
        return value is not None
    wanted = json.loads(found["value"])
    match found["test"]:
        case "=":
            return value == wanted
        case ">=":
            return value >= wanted
    return value > wanted


def _field(found: re.Match[str]) -> str:
    return found["quoted"] or found["plain"]


def _conditions(pattern: str) -> list[re.Match[str]]:
    braces = re.fullmatch(r"\{ (.+) \}", pattern)
    parts = braces[1].split(" || ") if braces else []
    found = [CONDITION.fullmatch(part) for part in parts]
    if not found or None in found:
        raise ValueError(f"not a supported pattern: {pattern}")
    return found
