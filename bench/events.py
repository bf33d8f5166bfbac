"""Stripe's event of a payment, in several sizes."""

import json
from typing import Any

Event = dict[str, Any]

#: Sizes of events, in bytes.
SIZES = {"1 kB": 1_024, "8 kB": 8_192, "256 kB": 262_144}


def compact(value: Any) -> str:
    """JSON without white space."""
    return json.dumps(value, separators=(",", ":"))


def of_size(event: Event, size: int) -> str:
    """The event with so many bytes: filled up with what an event may hold, or without what is empty in it."""
    plain = compact(event)
    if len(plain) > size:
        return padded(without_empty(event), size)
    charge = {name: value for name, value in event["data"]["object"].items() if not isinstance(value, dict | list)}
    filler = {"object": "list", "data": [charge] * ((size - len(plain) - 64) // (len(compact(charge)) + 1))}
    return padded(with_object(event, {"filler": filler}), size)


def padded(event: Event, size: int) -> str:
    """The event with a text that fills the rest; one that is too large as it is."""
    rest = size - len(compact(with_object(event, {"note": ""})))
    return compact(with_object(event, {"note": "x" * max(0, rest)}))


def without_empty(event: Event) -> Event:
    """The event without what its object says nothing by."""
    kept = {name: value for name, value in event["data"]["object"].items() if value not in (None, {}, [], "")}
    return event | {"data": {"object": kept}}


def with_object(event: Event, more: dict[str, Any]) -> Event:
    """The event with more in its object."""
    return event | {"data": {"object": event["data"]["object"] | more}}
