"""What each function does with the table, as its source says: its role has these rights alone.

All functions open the table, and read who it belongs to. What a function does besides, its source
names: a part of the `App`, or an operation of the store.
"""

import re

from e2e.aws import settings

READS = {"dynamodb:GetItem"}
READS_SEVERAL = READS | {"dynamodb:BatchGetItem"}
MOVES_ORDERS = READS_SEVERAL | {"dynamodb:PutItem"}
MOVES_DEADLINES = MOVES_ORDERS | {"dynamodb:UpdateItem", "dynamodb:DeleteItem"}

#: What a part does with items of the table, by a pattern of the source that uses it.
PARTS = {
    r"\bCheckoutService\b": MOVES_ORDERS,
    r"\bprocessor\s*\.(process|refresh|settle|with_intent)\(": MOVES_ORDERS,
    r"\bprocessor\s*\.(find_invoice|order_of_invoice)\(": MOVES_ORDERS,
    r"\bLookup::": MOVES_ORDERS,
    r"\bOrderEnder\b": MOVES_ORDERS,
    r"\bsubscriptions\s*\.(look|refresh|end_grace)": MOVES_ORDERS,
    # Only on the outbox's items.
    r"\bUsageReporter\b": MOVES_ORDERS | {"dynamodb:UpdateItem"},
}

#: What an operation of the store does with items of the table.
OPERATIONS = {
    "order": READS, "orders_of": READS_SEVERAL, "all_orders": READS_SEVERAL,
    "holder_of": READS, "customer_of": READS,
    "outbox_size": READS, "oldest_undelivered": READS_SEVERAL, "quarantine_size": READS,
    "cursor": READS, "set_cursor": MOVES_ORDERS,
    "next_refund_key": MOVES_ORDERS, "reserve_refund": MOVES_ORDERS,
    "record_refund": MOVES_ORDERS, "decline_refund": MOVES_ORDERS,
    "reserve_capture": MOVES_ORDERS, "decline_capture": MOVES_ORDERS,
    "overdue_orders": MOVES_DEADLINES,
    "recorded_operation": READS, "record_operation": MOVES_ORDERS,
    "graces_over": READS_SEVERAL,
    "billing_account": READS, "subscription": READS, "subscriptions": READS_SEVERAL,
}

#: The operations that query the index `queue`, but for those of a function that delivers.
OF_THE_QUEUE = {"orders_of", "outbox_size", "oldest_undelivered", "quarantine_size",
                "overdue_orders", "graces_over"}


def operations(folder: str) -> set[str]:
    """The operations of the store that a function calls by itself."""
    called = re.findall(r"\bstore(?:\(\))?\s*\.(\w+)\(", settings.code_of(folder))
    return set(called) - {"clone"}


def delivers(folder: str) -> bool:
    """Whether a function delivers messages: it changes the outbox, and nothing besides."""
    return bool(re.search(r"\bDeliverer\b", settings.code_of(folder)))


def on_items(folder: str) -> set[str]:
    """The actions on the table's items, whatever the item."""
    if delivers(folder):
        return READS_SEVERAL
    code = settings.code_of(folder)
    used = [OPERATIONS[name] for name in operations(folder)]
    used += [actions for pattern, actions in PARTS.items() if re.search(pattern, code)]
    return READS.union(*used)


def indexes(folder: str) -> set[str]:
    """The indexes by which a function looks for items."""
    used = operations(folder)
    queue = {"queue"} if delivers(folder) or used & OF_THE_QUEUE else set()
    return queue | ({"list"} if "all_orders" in used else set())


def fetches_the_secret(folder: str) -> bool:
    """Whether a function needs a key."""
    return bool(settings.needed(folder) & settings.KEYS)
