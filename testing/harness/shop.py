"""A shop's keys, and the requests of its server, of Stripe and of a payer."""

import base64
import hashlib
import hmac
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testing.harness.program import Program, environment
from testing.harness.workspace import WORKSPACE

#: Seconds; `cargo lambda watch` builds a function at its first request.
PATIENCE = 600

SITE_KEY = "the-site-key-of-the-tests-0123456789"
WEBHOOK_SECRET = "whsec_farebox0123456789"
SECRET_KEY = "sk_test_farebox0123456789"

#: The contents of a secret.
KEYS = {
    "STRIPE_SECRET_KEY": SECRET_KEY,
    "STRIPE_PUBLISHABLE_KEY": "pk_test_farebox0123456789",
    "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    "FAREBOX_SITE_KEY": SITE_KEY,
}


def token(caller: str, key: str = SITE_KEY) -> str:
    """A token of `caller`, valid for five minutes (JWT, HS256)."""
    return signed({"aud": "farebox", "sub": caller, "exp": int(time.time()) + 300}, key)


def signed(claims: dict[str, Any], key: str = SITE_KEY) -> str:
    """A token with these claims, signed as by the shop's server (JWT, HS256)."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    head = encoded(b'{"alg":"HS256","typ":"JWT"}') + "." + encoded(json.dumps(claims).encode())
    return head + "." + encoded(hmac.digest(key.encode(), head.encode(), "sha256"))


def signature(body: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    """A `Stripe-Signature` header with the time now, or `at` (Unix seconds)."""
    time_of_it = int(time.time() if at is None else at)
    signed = hmac.new(secret.encode(), f"{time_of_it}.".encode() + body, hashlib.sha256)
    return f"t={time_of_it},v1={signed.hexdigest()}"


@dataclass
class Answer:
    """A server's response."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.text)


def request(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] = {}
) -> Answer:
    """Sends a request; returns a response of any status."""
    sent = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(sent, timeout=PATIENCE) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read().decode())


class Stripe:
    """A Stripe sandbox: the workspace's own, as a process."""

    def __init__(
        self,
        folder: Path,
        binary: Path = WORKSPACE / "target" / "debug" / "stripe-sandbox",
        port: int = 0,
    ):
        self._program = Program(
            [str(binary), "--port", str(port)], environment(), folder / "sandbox.log"
        )
        self._program.wait_for("printing its address", self._address)
        self.url: str = self._address()
        # As once in Stripe's dashboard: the customer portal needs saved settings.
        self.call("POST", "/_sandbox/billing_portal/save_settings")

    def _address(self) -> str:
        said = re.search(r"listening on (\S+)", self._program.output())
        return said.group(1) if said else ""

    def call(self, method: str, path: str, form: dict[str, str] | None = None) -> Any:
        """Calls Stripe's API with the shop's key; returns the response's JSON."""
        body = urllib.parse.urlencode(form).encode() if form else None
        answer = request(method, self.url + path, body, {"Authorization": f"Bearer {SECRET_KEY}"})
        assert answer.status == 200, answer.text
        return answer.json

    def pay(self, intent: str, payment_method: str = "pm_card_visa") -> Any:
        """Confirms the payment as a payer."""
        form = {"payment_method": payment_method, "return_url": "http://127.0.0.1/return"}
        return self.call("POST", f"/v1/payment_intents/{intent}/confirm", form)

    def events(self, *kinds: str) -> list[Any]:
        """Stripe's events of these types, the newest first."""
        found: list[Any] = []
        types = "".join(f"&types[]={kind}" for kind in kinds)
        while True:
            after = f"&starting_after={found[-1]['id']}" if found else ""
            page = self.call("GET", f"/v1/events?limit=100{types}{after}")
            found += page["data"]
            if not page["has_more"]:
                return found

    def stop(self) -> None:
        """Stops it."""
        self._program.stop()
