"""Stripe's event of a payment, in several sizes."""

import json
from typing import Any

Event = dict[str, Any]

#: The placeholder for an order's number in a copy, and the ids with it.
NUMBER = "000000000"
ORDER = f"bench-{NUMBER}"
INTENT = f"pi_bench{NUMBER}"
EVENT = f"evt_bench{NUMBER}"

#: Sizes of events, in bytes.
SIZES = {"1 kB": 1_024, "8 kB": 8_192, "256 kB": 262_144}


#: The fields of a payment intent that every reader needs; a small event leaves out the others, the
#: longest first.
NEEDED = {
    "id",
    "object",
    "amount",
    "amount_received",
    "capture_method",
    "confirmation_method",
    "created",
    "currency",
    "latest_charge",
    "livemode",
    "metadata",
    "payment_method_types",
    "status",
}


def compact(value: Any) -> str:
    """JSON without white space."""
    return json.dumps(value, separators=(",", ":"))


def of_size(event: Event, size: int) -> str:
    """The event with exactly so many bytes: padded, or without its unneeded fields."""
    plain = compact(event)
    if len(plain) > size:
        return padded(cut(event, size), size)
    charge = {
        name: value
        for name, value in event["data"]["object"].items()
        if not isinstance(value, dict | list)
    }
    filler = {
        "object": "list",
        "data": [charge] * ((size - len(plain) - 64) // (len(compact(charge)) + 1)),
    }
    return padded(with_object(event, {"filler": filler}), size)


def cut(event: Event, size: int) -> Event:
    """The event without the longest unneeded fields of its object, so that it can be padded to so
    many bytes."""
    kept = dict(event["data"]["object"])
    small = event | {"data": {"object": kept}}
    for name in sorted(kept.keys() - NEEDED, key=lambda name: (-len(compact(kept[name])), name)):
        if len(compact(with_object(small, {"note": ""}))) <= size:
            break
        del kept[name]
    return small


def padded(event: Event, size: int) -> str:
    """The event, padded with a text."""
    rest = size - len(compact(with_object(event, {"note": ""})))
    if rest < 0:
        raise ValueError(f"an event does not fit into {size} bytes")
    return compact(with_object(event, {"note": "x" * rest}))


def with_object(event: Event, more: dict[str, Any]) -> Event:
    """The event with more fields in its object."""
    return event | {"data": {"object": event["data"]["object"] | more}}
