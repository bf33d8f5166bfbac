"""Gives Schemathesis existing ids and prices, and Stripe's signatures, which it cannot generate.

A hook replaces a part of the well-formed values, always the same part; malformed values stay
unchanged.
"""

import json
import os
import re
import time
import zlib
from pathlib import Path
from typing import Any

import requests
import schemathesis

from e2e.openapi.shop import CURRENCY, METER, signature, token

#: The data of `e2e.openapi.run`: orders by their state, customers, subscriptions, and events.
WORLD: dict[str, Any] = json.loads(
    Path(os.environ["INTERFACE_WORLD"]).read_text(encoding="utf-8")
)
ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
SUBSCRIPTION_ID = re.compile(r"sub_[A-Za-z0-9_]{1,251}")


class Signed(requests.auth.AuthBase):
    """Signs a request's body as Stripe signs an event."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        request.headers["Stripe-Signature"] = signature(
            body if isinstance(body, bytes) else body.encode()
        )
        return request


def pick(text: str, choices: list[Any]) -> Any:
    """Picks one of `choices`, always the same for `text`."""
    return choices[zlib.crc32(text.encode()) % len(choices)]


def known_order(made_up: Any, state: str = "orders") -> Any:
    """An existing order of this state, for most well-formed ids."""
    if not isinstance(made_up, str) or not ORDER_ID.fullmatch(made_up):
        return made_up
    return pick(made_up, [*WORLD[state], made_up])


def furnish_intent(body: dict[str, Any]) -> None:
    """Prices and currencies of the shop, and orders that the site signed."""
    choice = body.get("choice")
    if isinstance(choice, dict) and isinstance(choice.get("currency"), str):
        choice["currency"] = pick(choice["currency"], [CURRENCY, choice["currency"]])
    for item in body["items"] if isinstance(body.get("items"), list) else []:
        if isinstance(item, dict) and isinstance(item.get("price"), str):
            item["price"] = pick(item["price"], ["mug", "price_mug", "mug", item["price"]])
    if isinstance(body.get("order"), str):
        made_up = body["order"]
        number = zlib.crc32(made_up.encode())
        claims = {
            "aud": "farebox:order",
            "orderId": f"web-{number}",
            "amount": number % 5000,
            "currency": "eur",
        }
        claims["iat"] = int(time.time())
        body["order"] = pick(made_up, [made_up, token("ada", None, **claims)])
        # Only one of both: Farebox rejects a request with both.
        if number % 3 == 0:
            body.pop("items", None)
            body.pop("orderId", None)


def furnish_amount(body: dict[str, Any]) -> None:
    """Amounts that a role may refund or capture, and that are there."""
    amount = body.get("amount")
    if isinstance(amount, int) and amount > 0 and amount % 4:
        body["amount"] = amount % 700 + 1


def furnish_checkout(body: dict[str, Any]) -> None:
    """The contents of a payment, and the shop's return URLs."""
    furnish_intent(body)
    for name in ("successUrl", "cancelUrl"):
        furnish_url(body, name)


def furnish_portal(body: dict[str, Any]) -> None:
    """Return URLs of the shop."""
    furnish_url(body, "returnUrl")


def furnish_subscription(body: dict[str, Any]) -> None:
    """Existing subscriptions, for most well-formed ids."""
    made_up = body.get("id")
    if isinstance(made_up, str) and SUBSCRIPTION_ID.fullmatch(made_up):
        body["id"] = pick(json.dumps(body), [*WORLD["subscriptions"], made_up])


def furnish_usage(body: dict[str, Any]) -> None:
    """The shop's meter, a caller with a Stripe customer, and times that are not long ago."""
    events = body.get("events")
    for event in events if isinstance(events, list) else []:
        if not isinstance(event, dict):
            continue
        for name, known in (("meter", METER), ("caller", "ada")):
            if isinstance(event.get(name), str) and event[name]:
                event[name] = pick(event[name], [known, known, known, event[name]])
        if isinstance(event.get("timestamp"), int) and event["timestamp"] > 0:
            event["timestamp"] = int(time.time()) - event["timestamp"] % 3600


def furnish_url(body: dict[str, Any], name: str) -> None:
    if isinstance(body.get(name), str):
        body[name] = pick(
            body[name], ["https://shop.example/there", "https://shop.example/", body[name]]
        )


def furnish_query(path: str, query: dict[str, Any]) -> None:
    """Existing ids; only one of a customer and an order, because Farebox rejects a request with
    both."""
    if path != "/api/customer":
        query |= {name: known_order(query[name]) for name in query if name == "id"}
        return
    if isinstance(query.get("order"), str):
        query["order"] = known_order(query["order"])
    if isinstance(query.get("id"), str) and query["id"].startswith("cus_"):
        query["id"] = pick(query["id"], [*WORLD["customers"], query["id"]])
        if zlib.crc32(query["id"].encode()) % 2:
            query.pop("order", None)


FURNISHED = {
    "/api/capture": furnish_amount,
    "/api/create-checkout": furnish_checkout,
    "/api/create-intent": furnish_intent,
    "/api/portal": furnish_portal,
    "/api/refund": furnish_amount,
    "/api/subscription": furnish_subscription,
    "/api/usage": furnish_usage,
}


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]
) -> None:
    """Replaces generated values by existing ones."""
    if isinstance(case.query, dict):
        furnish_query(case.path, case.query)
    if isinstance(case.body, dict):
        if "orderId" in case.body:
            state = "authorized" if case.path == "/api/capture" else "orders"
            case.body["orderId"] = known_order(case.body["orderId"], state)
        FURNISHED.get(case.path, lambda body: None)(case.body)
    if os.environ["INTERFACE_CALLER"] == "stripe":
        kwargs["auth"] = Signed()
        if isinstance(case.body, dict):
            case.body = pick(json.dumps(case.body), [case.body, *WORLD["events"]])


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    """Records the response for the summary."""
    with open(os.environ["INTERFACE_ANSWERS"], "a", encoding="utf-8") as answers:
        answers.write(f"{case.method} {case.path} {response.status_code}\n")
