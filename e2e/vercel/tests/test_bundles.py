"""The built functions behind Vercel's own proxy, with an AWS account that enforces roles, and with
Postgres."""

import json
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from testing.harness import shop
from testing.harness.shop import KEYS, Answer, Stripe
from testing.harness.workspace import WORKSPACE
from e2e.vercel import project
from e2e.vercel.account import NAME, Account, token
from e2e.vercel.project import Bundle

CRON_SECRET = "the-cron-secret-of-the-tests"
NOTIFY_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
#: The size limit of a webhook's body: one MiB.
CAP = 1024 * 1024

CART = {"items": [{"price": "mug", "quantity": 2}]}


def event(size: int) -> bytes:
    """An event of this size about no order; any change of its bytes changes the event."""
    body = {
        "id": f"evt_{size}",
        "object": "event",
        "type": "customer.created",
        "created": 1,
        "livemode": False,
        "data": {"object": {"object": "customer", "name": "Zoë \u2028 é"}},
    }
    text = json.dumps(body, ensure_ascii=False).encode()[:-1] + b', \r\n\t"pad" : "'
    return text + b"x" * (size - len(text) - 4) + b'"}\n '


class Case(unittest.TestCase):
    """A Stripe sandbox and an account for all tests of a class; the outputs are searched for
    secrets."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.stripe = Stripe(cls.folder)
        cls.addClassCleanup(cls.stripe.stop)

    def check_that_no_secret_was_said(self, started: Bundle) -> None:
        said = started.output()
        for word in [
            *KEYS.values(),
            CRON_SECRET,
            NOTIFY_SECRET,
            token(),
            token("another"),
            "_secret_",
            "Bearer",
            "v1=",
        ]:
            self.assertNotIn(word, said)


class BundleTest(Case):
    """The deployed functions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        project.check_that_the_port_is_free()
        project.built()
        cls.account = Account(cls.folder, KEYS)
        cls.addClassCleanup(cls.account.stop)

    @contextmanager
    def running(self, name: str, **changes: str) -> Iterator[Bundle]:
        """Runs a function with keys from the secret, and with AWS variables of another account."""
        settings = self.account.settings() | {
            "AWS_ACCESS_KEY_ID": "of-the-machine",
            "AWS_SECRET_ACCESS_KEY": "of-the-machine",
            "FAREBOX_SECRET_ID": NAME,
            "STRIPE_API_BASE": self.stripe.url,
            "FAREBOX_NOTIFY_URL": f"eventbridge:{NAME}",
            "CRON_SECRET": CRON_SECRET,
            "FAREBOX_RETURN_ORIGINS": "https://shop.example",
        }
        settings = {variable: value for variable, value in (settings | changes).items() if value}
        started = Bundle(name, settings, self.folder / f"{name}.log")
        try:
            yield started
        finally:
            started.stop()
        self.check_that_no_secret_was_said(started)

    def send(self, to: Bundle, method: str, body: bytes | None = None, **headers: str) -> Answer:
        """Sends a request as Vercel forwards it, with its token."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return shop.request(
            method, f"{to.url}/any/path?id=o_1", body, {"X-Vercel-OIDC-Token": token()} | named
        )

    def deliver(self, to: Bundle, body: bytes, signature: str = "") -> Answer:
        return self.send(to, "POST", body, Stripe_Signature=signature or shop.signature(body))

    def tick(self, of: Bundle) -> Answer:
        return self.send(of, "GET", Authorization=f"Bearer {CRON_SECRET}")

    def test_every_function_has_a_bundle_with_its_time_limit(self):
        for name, service in project.configuration()["services"].items():
            [limits] = service["functions"].values()
            built = json.loads((project.bundle(name) / ".vc-config.json").read_text())
            self.assertEqual(built["maxDuration"], limits["maxDuration"], name)
            self.assertEqual(built["runtime"], "executable", name)

    def test_signed_bytes_arrive_exactly_and_others_are_refused(self):
        with self.running("webhook") as webhook:
            for size in [1_000, 900_000, CAP]:
                answer = self.deliver(webhook, event(size))
                self.assertEqual((answer.status, answer.json), (200, {"received": True}), size)
            forged = self.deliver(
                webhook, event(1_000), shop.signature(event(1_000), "whsec_forged")
            )
            self.assertEqual((forged.status, forged.json["error"]["code"]), (400, "bad_signature"))
            changed = self.deliver(
                webhook, event(900_000)[:-1] + b"\n", shop.signature(event(900_000))
            )
            self.assertEqual(
                (changed.status, changed.json["error"]["code"]), (400, "bad_signature")
            )
            large = self.deliver(webhook, event(CAP + 1))
            self.assertEqual((large.status, large.json["error"]["code"]), (413, "body_too_large"))

    def test_a_payment_is_told_once_in_its_own_request_or_by_the_schedule(self):
        # The simple setup: Stripe's keys and the site's in the project's environment.
        keys = KEYS | {"FAREBOX_SECRET_ID": ""}
        with self.running("create-intent", **keys) as create_intent:
            started = [self.start_payment(create_intent, f"cart-{number}") for number in range(3)]
        orders = [payment["orderId"] for payment in started]
        with self.running("webhook") as webhook:
            self.assertEqual(self.deliver(webhook, self.paid(started[0])).status, 200)
        self.assertEqual(self.told(), orders[:1])
        with self.running("webhook", FAREBOX_NOTIFY_URL="") as webhook:
            for payment in started[1:]:
                self.assertEqual(self.deliver(webhook, self.paid(payment)).status, 200)
        self.assertEqual(self.told(), [])

        with self.running("notify") as notify, ThreadPoolExecutor(4) as threads:
            ticks = list(threads.map(lambda _: self.tick(notify), range(4)))

        self.assertEqual([tick.status for tick in ticks], [200] * 4, ticks)
        self.assertEqual(sorted(self.told()), sorted(orders[1:]))
        with self.running("order", **keys) as order:
            url, bearer = f"{order.url}/api/order?id={orders[0]}", f"Bearer {shop.token('ada')}"
            answer = shop.request(
                "GET", url, headers={"X-Vercel-OIDC-Token": token(), "Authorization": bearer}
            )
        self.assertEqual((answer.status, answer.json["status"]), (200, "paid"), answer)

    def told(self) -> list[str]:
        """The orders that the site was told to be paid since the last call."""
        messages = self.account.told()
        return [one["data"]["orderId"] for one in messages if one["type"] == "order.paid"]

    def test_signed_in_callers_get_a_page_their_customer_and_a_portal(self):
        customer = shop.signed(
            {"aud": "farebox", "sub": "grace", "exp": int(time.time()) + 300, "roles": ["customer"]}
        )
        back = {"successUrl": "https://shop.example/paid", "cancelUrl": "https://shop.example/cart"}
        asked = [
            ("create-checkout", "POST", CART | back, ["orderId", "url"]),
            ("customer", "GET", None, ["email", "id", "name", "orders", "paymentMethods"]),
            ("portal", "POST", {"returnUrl": "https://shop.example/account"}, ["url"]),
        ]
        for name, method, contents, fields in asked:
            with self.subTest(name), self.running(name) as started:
                body = contents and json.dumps(contents).encode()
                headers = {
                    "X-Vercel-OIDC-Token": token(),
                    "Content-Type": "application/json",
                    "Idempotency-Key": "cart",
                }
                url = f"{started.url}/api/{name}"
                # Vercel's token identifies the deployment, not the sender.
                for stranger in [{}, {"Authorization": f"Bearer {token()}"}]:
                    answer = shop.request(method, url, body, headers | stranger)
                    self.assertEqual(
                        (answer.status, answer.json["error"]["code"]), (401, "unauthenticated")
                    )
                answer = shop.request(
                    method, url, body, headers | {"Authorization": f"Bearer {customer}"}
                )
                self.assertEqual((answer.status, sorted(answer.json)), (200, fields), answer)

    def test_payments_are_counted_by_the_address_that_vercel_tells(self):
        with self.running("create-intent", FAREBOX_LIMIT_ADDRESS="2,open:400") as create_intent:
            told = [
                {"X_Vercel_Forwarded_For": "203.0.113.7", "X_Forwarded_For": "198.51.100.1"},
                {"X_Vercel_Forwarded_For": "203.0.113.7", "X_Forwarded_For": "198.51.100.2"},
                {"X_Vercel_Forwarded_For": "203.0.113.7", "X_Forwarded_For": "198.51.100.3"},
                {"X_Real_IP": "203.0.113.7", "Forwarded": "for=198.51.100.4"},
                {"X_Vercel_Forwarded_For": "203.0.113.8", "X_Forwarded_For": "203.0.113.7"},
            ]
            answers = [
                self.send(
                    create_intent,
                    "POST",
                    json.dumps(CART).encode(),
                    Authorization=f"Bearer {shop.token(f'c{number}')}",
                    Idempotency_Key=f"counted-{number}",
                    Content_Type="application/json",
                    **headers,
                )
                for number, headers in enumerate(told)
            ]
            self.assertEqual(
                [answer.status for answer in answers], [200, 200, 429, 429, 200], answers
            )

    def start_payment(self, create_intent: Bundle, cart: str) -> dict[str, str]:
        """Starts a payment; returns the response."""
        started = self.send(
            create_intent,
            "POST",
            json.dumps(CART).encode(),
            Authorization=f"Bearer {shop.token('ada')}",
            Idempotency_Key=cart,
            Content_Type="application/json",
        )
        self.assertEqual(started.status, 200, started)
        return started.json

    def paid(self, payment: dict[str, str]) -> bytes:
        """Pays; returns Stripe's event."""
        intent = payment["clientSecret"].split("_secret_")[0]
        self.stripe.pay(intent)
        events = self.stripe.events("payment_intent.succeeded")
        [paid] = [event for event in events if event["data"]["object"]["id"] == intent]
        return json.dumps(paid).encode()

    def test_the_schedule_alone_starts_what_has_no_route(self):
        for name in ["notify", "reconcile"]:
            with self.running(name) as started:
                for stranger in ["", f"Bearer {CRON_SECRET}x", "Bearer undefined"]:
                    self.assertEqual(
                        self.send(started, "GET", Authorization=stranger).status, 401, name
                    )
                self.assertEqual(self.tick(started).status, 200, name)

    def test_without_a_token_of_this_project_nothing_is_done(self):
        with self.running("webhook") as webhook:
            before = self.account.items("")
            for stranger in ["", "not-a-token", token("another")]:
                answer = self.deliver_as(webhook, stranger)
                self.assertEqual(
                    (answer.status, answer.json["error"]["code"]), (503, "unavailable"), stranger
                )
            self.assertEqual(self.account.items(""), before)
            self.assertIn(
                "AWS STS refused the token of Vercel (403 AccessDenied)", webhook.output()
            )
            self.assertEqual(self.deliver_as(webhook, token()).status, 200)

    def deliver_as(self, to: Bundle, whose: str) -> Answer:
        body = event(1_000)
        return self.send(
            to, "POST", body, Stripe_Signature=shop.signature(body), X_Vercel_OIDC_Token=whose
        )


class Site(BaseHTTPRequestHandler):
    """The site's endpoint: it keeps the orders that it was told to be paid."""

    told: list[str] = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body["type"] == "order.paid":
            Site.told.append(body["data"]["orderId"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Says nothing."""


@unittest.skipUnless("FAREBOX_TEST_POSTGRES" in os.environ, "scripts/postgres starts a server")
class PostgresTest(Case):
    """The deployed functions over Postgres, with the keys in the project's settings, and no AWS."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        project.check_that_the_port_is_free()
        project.built()
        server, name = os.environ["FAREBOX_TEST_POSTGRES"], f"vercel_{os.getpid()}"
        bin_folder = Path(os.environ["FAREBOX_TEST_POSTGRES_BIN"])
        create = [bin_folder / "psql", f"{server}/postgres", "-c", f"CREATE DATABASE {name}"]
        subprocess.run(create, check=True, capture_output=True)
        cls.database = f"{server}/{name}"
        site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=site.serve_forever, daemon=True).start()
        cls.addClassCleanup(site.server_close)
        cls.addClassCleanup(site.shutdown)
        cls.site = f"http://127.0.0.1:{site.server_port}/farebox"

    @contextmanager
    def running(self, name: str, **changes: str) -> Iterator[Bundle]:
        settings = KEYS | {
            "DATABASE_URL": self.database,
            "STRIPE_API_BASE": self.stripe.url,
            "FAREBOX_NOTIFY_URL": self.site,
            "FAREBOX_NOTIFY_SECRET": NOTIFY_SECRET,
            "CRON_SECRET": CRON_SECRET,
        }
        started = Bundle(name, settings | changes, self.folder / f"postgres-{name}.log")
        try:
            yield started
        finally:
            started.stop()
        self.check_that_no_secret_was_said(started)

    def test_a_payment_is_told_in_its_own_request(self):
        bearer = {"Authorization": f"Bearer {shop.token('ada')}"}
        cart = json.dumps(CART).encode()
        headers = bearer | {"Content-Type": "application/json", "Idempotency-Key": "cart"}
        with self.assertRaisesRegex(RuntimeError, "run `farebox migrate`"):
            with self.running("create-intent"):
                pass
        migrate = [WORKSPACE / "target" / "debug" / "farebox", "migrate"]
        environment = {"DATABASE_URL": self.database}
        subprocess.run(migrate, env=environment, cwd=self.folder, check=True, capture_output=True)
        with self.running("create-intent") as create_intent:
            url = f"{create_intent.url}/api/create-intent"
            started = shop.request("POST", url, cart, headers)
        self.assertEqual(started.status, 200, started)
        order, intent = started.json["orderId"], started.json["clientSecret"].split("_secret_")[0]
        self.stripe.pay(intent)
        [paid] = self.stripe.events("payment_intent.succeeded")
        paid = json.dumps(paid).encode()

        with self.running("webhook") as webhook:
            signed = {"Stripe-Signature": shop.signature(paid)}
            answer = shop.request("POST", f"{webhook.url}/api/webhooks/stripe", paid, signed)
        self.assertEqual((answer.status, answer.json), (200, {"received": True}))
        self.assertEqual(Site.told, [order])

        with self.running("order") as reader:
            answer = shop.request("GET", f"{reader.url}/api/order?id={order}", headers=bearer)
        self.assertEqual((answer.status, answer.json["status"]), (200, "paid"), answer)
        for name in ["notify", "reconcile"]:
            with self.running(name) as job:
                url, secret = f"{job.url}/api/cron/{name}", f"Bearer {CRON_SECRET}"
                answer = shop.request("GET", url, headers={"Authorization": secret})
            self.assertEqual(answer.status, 200, answer)


class PortTest(unittest.TestCase):
    """Vercel's proxy can use only one port."""

    def test_a_port_that_is_taken_is_named(self):
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                other.bind(("127.0.0.1", project.PROXY_PORT))
                other.listen()
            except OSError:
                pass  # Somebody else has it, which is as good.
            with self.assertRaisesRegex(RuntimeError, "port 3000 is in use"):
                Bundle("webhook", {}, Path("unused.log"))


if __name__ == "__main__":
    unittest.main()
