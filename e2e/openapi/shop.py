"""A shop on free ports: `cargo dev` with known keys, and orders in it."""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from testing.harness.workspace import WORKSPACE

SITE_KEY = "the-site-key-of-the-interface-0123456789"
WEBHOOK_SECRET = "whsec_interface0123456789"
SECRET_KEY = "sk_test_interface0123456789"
#: The currency that a browser may choose.
CURRENCY = "usd"
#: The event name of a meter of usage.
METER = "requests"
#: The timeout of a step.
PATIENCE_S = 20


def signed(payload: bytes, key: str) -> bytes:
    return hmac.new(key.encode(), payload, hashlib.sha256).digest()


def token(caller: str, roles: list[str] | None, **claims: Any) -> str:
    """A token that the site's server signs; valid for an hour, longer than a run."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    body = {
        "aud": "farebox",
        "sub": caller,
        "roles": roles,
        "exp": int(time.time()) + 3600,
    } | claims
    text = ".".join(part(json.dumps(of).encode()) for of in ({"alg": "HS256"}, body))
    return f"{text}.{part(signed(text.encode(), SITE_KEY))}"


def signature(body: bytes) -> str:
    """Stripe's signature header of an event."""
    now = int(time.time())
    return f"t={now},v1={signed(f'{now}.'.encode() + body, WEBHOOK_SECRET).hex()}"


class Shop:
    """A running Farebox and its Stripe sandbox."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="farebox-")
        checkout = Path(self.folder.name) / "checkout.json"
        checkout.write_text(json.dumps({"choices": {"currency": [CURRENCY]}}), encoding="utf-8")
        target = Path(os.environ.get("CARGO_TARGET_DIR", WORKSPACE / "target"))
        self.farebox = target / "debug" / "farebox"
        self.program = subprocess.Popen(
            [self.farebox, "--headless", "--port", "0", "--sandbox-port", "0"],
            cwd=self.folder.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env={
                "CARGO_TARGET_DIR": self.folder.name,
                "STRIPE_SECRET_KEY": SECRET_KEY,
                "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
                "FAREBOX_SITE_KEY": SITE_KEY,
                "FAREBOX_CHECKOUT": str(checkout),
                "FAREBOX_RETURN_ORIGINS": "https://shop.example",
                # A few callers send all requests.
                "FAREBOX_LIMIT_CALLER": "off",
                "FAREBOX_LIMIT_ADDRESS": "off",
            },
        )
        self.url = self._address("shop")
        self.sandbox = self._address("sandbox")

    def __enter__(self) -> "Shop":
        return self

    def __exit__(self, *_: object) -> None:
        self.program.terminate()
        self.program.communicate(timeout=PATIENCE_S)
        self.folder.cleanup()

    def _address(self, name: str) -> str:
        assert self.program.stdout
        for line in self.program.stdout:
            if found := re.match(rf"\s*{name}\s+(http\S+)", line):
                return found[1]
        raise RuntimeError(f"cargo dev did not print the address of its {name}")

    def reconcile(self) -> None:
        """Runs `reconcile` once, as a schedule does: `health` is unhealthy until then."""
        [database] = (Path(self.folder.name) / "dev").glob("*.sqlite")
        variables = {
            "DATABASE_URL": f"sqlite:{database}",
            "STRIPE_API_BASE": self.sandbox,
            "STRIPE_SECRET_KEY": SECRET_KEY,
        }
        command = [self.farebox, "reconcile", "--once"]
        subprocess.run(
            command, env=variables, check=True, capture_output=True, timeout=PATIENCE_S
        )

    def open_order(self, caller: str, key: str) -> tuple[str, str]:
        """Creates an order of `caller`; returns its id and its payment intent's."""
        body = {"items": [{"price": "mug", "quantity": 2}]}
        headers = {"Authorization": f"Bearer {token(caller, ['customer'])}", "Idempotency-Key": key}
        made = _sent(f"{self.url}/api/create-intent", json.dumps(body).encode(), headers)
        return made["orderId"], made["clientSecret"].split("_secret_")[0]

    def paid_order(self, caller: str, key: str) -> str:
        """Creates and pays an order; returns its id once the webhook arrived."""
        order, intent = self.open_order(caller, key)
        self._pay(intent)
        self._until(caller, order, "paid")
        return order

    def authorized_order(self, caller: str, order: str) -> str:
        """Creates an order and authorizes its payment; returns its id once the webhook arrived."""
        claims = {"orderId": order, "amount": 3000, "currency": "usd", "captureMethod": "manual"}
        now = int(time.time())
        signed_order = token(caller, None, aud="farebox:order", iat=now, **claims)
        body = json.dumps({"order": signed_order}).encode()
        headers = {"Authorization": f"Bearer {token(caller, ['customer'])}"}
        made = _sent(f"{self.url}/api/create-intent", body, headers)
        self._pay(made["clientSecret"].split("_secret_")[0])
        self._until(caller, order, "authorized")
        return order

    def subscriptions(self, caller: str, number: int) -> list[str]:
        """Subscribes `caller`, who is a customer, to plans; returns the ids once the database has
        them."""
        headers = {"Authorization": f"Bearer {token(caller, ['customer'])}"}
        customer = _sent(f"{self.url}/api/customer", None, headers)["id"]
        card = self._form("/v1/payment_methods/pm_card_visa/attach", customer=customer)
        default = {"invoice_settings[default_payment_method]": card["id"]}
        self._form(f"/v1/customers/{customer}", **default)
        plan = {"currency": "usd", "unit_amount": "900", "recurring[interval]": "month"}
        for place in range(number):
            price = self._form("/v1/prices", **plan, **{"product_data[name]": f"plan {place}"})
            form = {"customer": customer, "items[0][price]": price["id"]}
            self._form("/v1/subscriptions", **form)
        read = _sent(f"{self.url}/api/subscription?refresh=true", None, headers)
        return [subscription["id"] for subscription in read["subscriptions"]]

    def meter(self, event_name: str) -> None:
        """Creates a meter of usage."""
        formula = {"default_aggregation[formula]": "sum"}
        self._form("/v1/billing/meters", display_name="Usage", event_name=event_name, **formula)

    def _form(self, path: str, **form: str) -> dict[str, Any]:
        return self.ask_stripe(path, urllib.parse.urlencode(form).encode())

    def _pay(self, intent: str) -> None:
        payment = {"payment_method": "pm_card_visa", "return_url": "http://127.0.0.1/return"}
        path = f"/v1/payment_intents/{intent}/confirm"
        self.ask_stripe(path, urllib.parse.urlencode(payment).encode())

    def _until(self, caller: str, order: str, status: str) -> None:
        headers = {"Authorization": f"Bearer {token(caller, ['customer'])}"}
        end = time.monotonic() + PATIENCE_S
        while _sent(f"{self.url}/api/order?id={order}", None, headers)["status"] != status:
            if time.monotonic() > end:
                raise RuntimeError(f"the order did not become {status}")
            time.sleep(0.05)

    def events(self) -> list[dict[str, Any]]:
        """Stripe's events so far."""
        return self.ask_stripe("/v1/events?limit=100")["data"]

    def ask_stripe(self, path: str, form: bytes | None = None) -> dict[str, Any]:
        """Calls the sandbox, as a shop calls Stripe."""
        return _sent(f"{self.sandbox}{path}", form, {"Authorization": f"Bearer {SECRET_KEY}"})


def _sent(url: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answered:
        return json.load(answered)
