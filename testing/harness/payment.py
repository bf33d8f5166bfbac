"""A payment through a server's routes."""

import json
from collections.abc import Callable

from testing.harness import shop
from testing.harness.shop import Answer, Stripe, signature, token

#: The catalogue's mug, twice.
ITEMS = {"items": [{"price": "mug", "quantity": 2}]}

Send = Callable[[str, str, bytes | None, dict[str, str]], Answer]


def pay(api: str, stripe: Stripe, key: str, send: Send = shop.request) -> Answer:
    """Starts a payment as `ada`, pays it at Stripe and delivers the report; returns the order."""
    known = {"Authorization": f"Bearer {token('ada')}"}
    headers = known | {"Idempotency-Key": key, "Content-Type": "application/json"}
    started = send("POST", f"{api}/create-intent", json.dumps(ITEMS).encode(), headers)
    assert started.status == 200, started.text
    intent = started.json["clientSecret"].split("_secret_")[0]
    stripe.pay(intent)
    reports = stripe.events("payment_intent.succeeded")
    [paid] = [report for report in reports if report["data"]["object"]["id"] == intent]
    event = json.dumps(paid).encode()
    signed = {"Stripe-Signature": signature(event)}
    received = send("POST", f"{api}/webhooks/stripe", event, signed)
    assert (received.status, received.text) == (200, '{"received":true}'), received.text
    return send("GET", f"{api}/order?id={started.json['orderId']}", None, known)
