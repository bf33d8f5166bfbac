"""What each function does with the table, as its source says: its role has these rights alone.

All functions open the table, and read who it belongs to. What a function does besides, its source
names: a part of the `App`, or an operation of the store.
"""

import re

from e2e.aws import settings

READS = {"dynamodb:GetItem"}
READS_SEVERAL = READS | {"dynamodb:BatchGetItem"}
MOVES_ORDERS = READS_SEVERAL | {"dynamodb:PutItem"}

#: What a part does with items of the table, by a pattern of the source that uses it.
PARTS = {
    r"\bCheckoutService\b": MOVES_ORDERS,
    r"\bprocessor\s*\.take\(": MOVES_ORDERS,
    r"\bLookup::": MOVES_ORDERS,
}

#: What an operation of the store does with items of the table; and whether it asks the index too.
OPERATIONS = {
    "order": READS, "holder_of": READS, "customer_of": READS, "cursor": READS,
    "orders_of": READS_SEVERAL, "lease_due": READS_SEVERAL, "oldest_undelivered": READS_SEVERAL,
    "set_cursor": MOVES_ORDERS, "next_refund_key": MOVES_ORDERS, "reserve_refund": MOVES_ORDERS,
    "record_refund": MOVES_ORDERS, "decline_refund": MOVES_ORDERS,
}
ASKS_THE_INDEX = {"orders_of", "lease_due", "oldest_undelivered"}

#: Operations on the outbox alone, and on the quarantine by hand.
OF_THE_OUTBOX = {
    "take", "record_delivery", "forget_expired", "dead_letters", "redrive", "quarantined", "release",
}


def operations(folder: str) -> set[str]:
    """The operations of the store that a function calls by itself."""
    return set(re.findall(r"\bstore(?:\(\))?\s*\.(\w+)\(", settings.code_of(folder)))


def on_items(folder: str) -> set[str]:
    """The actions on the table's items, whatever the item."""
    code = settings.code_of(folder)
    used = [OPERATIONS[name] for name in operations(folder) - OF_THE_OUTBOX]
    used += [actions for pattern, actions in PARTS.items() if re.search(pattern, code)]
    return READS.union(*used)


def asks_the_index(folder: str) -> bool:
    """Whether a function looks for items by the index."""
    return bool(operations(folder) & ASKS_THE_INDEX)


def changes_the_outbox(folder: str) -> bool:
    """Whether a function changes messages and deletes them."""
    return "record_delivery" in operations(folder)


def fetches_the_secret(folder: str) -> bool:
    """Whether a function needs a key."""
    return bool(settings.needed(folder) & settings.KEYS)
