"""The events of `events/`, sent to the built functions under the Runtime Interface Emulator."""

import base64
import json
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from e2e.aws import log_filter, template
from testing.harness import shop
from e2e.aws.build import bootstrap, panicking
from testing.harness.emulator import Emulator
from testing.harness.shop import KEYS, Stripe, signature, token
from e2e.aws.template import of_type
from testing.harness.workspace import WORKSPACE


def event(name: str) -> dict[str, Any]:
    """The event of a function in `events/`."""
    return json.loads((WORKSPACE / "events" / f"{name}.json").read_text())


def with_token(event: dict[str, Any], caller: str) -> dict[str, Any]:
    """The event from a caller with a token."""
    headers = event["headers"] | {"authorization": f"Bearer {token(caller)}"}
    return event | {"headers": headers}


def signed(event: dict[str, Any], secret: str = shop.WEBHOOK_SECRET) -> dict[str, Any]:
    """The event with a fresh signature."""
    headers = event["headers"] | {"stripe-signature": signature(event["body"].encode(), secret)}
    return event | {"headers": headers}


class Events(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.stripe = Stripe(cls.folder)
        cls.addClassCleanup(cls.stripe.stop)

    def start(self, name: str, **changes: str) -> Emulator:
        """Starts a function with the keys of its block in the template, on a common database."""
        named = template.own_environment(template.read(), template.logical_id(name))
        variables = {key: value for key, value in KEYS.items() if key in named}
        variables["DATABASE_URL"] = f"sqlite:{self.folder / 'farebox.sqlite'}"
        variables["STRIPE_API_BASE"] = self.stripe.url
        emulator = Emulator(
            bootstrap(name), variables | changes, self.folder / f"{self.id()}.{name}.log"
        )
        self.addCleanup(emulator.stop)
        return emulator

    def assert_answer(self, answer: dict[str, Any], status: int, code: str | None = None) -> Any:
        """Checks a response's status and headers; returns its body."""
        self.assertEqual(answer["statusCode"], status, answer)
        headers = {name.lower(): value for name, value in answer["headers"].items()}
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(headers["cache-control"], "no-store")
        self.assertTrue(headers["x-request-id"])
        self.assertFalse(answer["isBase64Encoded"])
        body = json.loads(answer["body"])
        said = body.get("error", {}).get("code") if isinstance(body, dict) else None
        self.assertEqual(said, code)
        return body

    def test_a_caller_with_a_token_starts_a_payment_and_reads_its_order(self):
        create_intent, order = self.start("create-intent"), self.start("order")

        self.assert_answer(create_intent.invoke(event("create-intent")), 401, "unauthenticated")
        started = self.assert_answer(
            create_intent.invoke(with_token(event("create-intent"), "ada")), 200
        )
        again = self.assert_answer(
            create_intent.invoke(with_token(event("create-intent"), "ada")), 200
        )

        self.assertEqual((started["amount"], started["currency"]), (3000, "usd"))
        self.assertEqual(again, started)
        asked = event("order")
        self.assert_answer(order.invoke(asked), 401, "unauthenticated")
        self.assert_answer(order.invoke(with_token(asked, "ada")), 404, "not_found")
        asked["queryStringParameters"]["id"] = started["orderId"]
        asked["rawQueryString"] = f"id={started['orderId']}"
        self.assertEqual(
            self.assert_answer(order.invoke(with_token(asked, "ada")), 200)["status"], "created"
        )
        self.assert_answer(order.invoke(with_token(asked, "eve")), 404, "not_found")

    def test_a_page_is_opened_for_whoever_signs_in(self):
        checkout = self.start("create-checkout", FAREBOX_RETURN_ORIGINS="https://shop.example")
        asked = event("create-checkout")
        self.assert_answer(checkout.invoke(asked), 401, "unauthenticated")
        opened = self.assert_answer(checkout.invoke(with_token(asked, "ada")), 200)
        self.assertEqual(sorted(opened), ["orderId", "url"])

    def test_a_refund_is_for_those_whose_role_refunds(self):
        refund, asked = self.start("refund"), event("refund")
        self.assert_answer(refund.invoke(asked), 401, "unauthenticated")
        self.assert_answer(refund.invoke(with_token(asked, "ada")), 403, "forbidden")

    def test_customer_and_portal_are_for_those_whose_role_has_to_do_with_customers(self):
        portal = self.start("portal", FAREBOX_RETURN_ORIGINS="https://shop.example")
        for function, asked in [
            (self.start("customer"), event("customer")),
            (portal, event("portal")),
        ]:
            self.assert_answer(function.invoke(asked), 401, "unauthenticated")
            self.assert_answer(function.invoke(with_token(asked, "ada")), 403, "forbidden")

    def test_an_event_counts_with_a_fresh_signature_alone(self):
        webhook, recorded = self.start("webhook"), event("webhook")
        encoded = signed(recorded)
        encoded["body"] = base64.b64encode(recorded["body"].encode()).decode()
        encoded["isBase64Encoded"] = True
        forged = signed(recorded, "whsec_another0123456789")

        self.assert_answer(webhook.invoke(recorded), 400, "bad_signature")
        self.assert_answer(webhook.invoke(forged), 400, "bad_signature")
        self.assertEqual(
            self.assert_answer(webhook.invoke(signed(recorded)), 200), {"received": True}
        )
        self.assert_answer(webhook.invoke(encoded), 200)
        self.assert_answer(
            webhook.invoke(encoded | {"body": encoded["body"][4:]}), 400, "bad_signature"
        )

    def test_each_of_stripes_other_events_counts_with_a_fresh_signature_alone(self):
        webhook = self.start("webhook")
        kinds = sorted(path.stem for path in (WORKSPACE / "events" / "webhook").glob("*.json"))
        self.assertGreater(len(kinds), 1)
        for kind in kinds:
            recorded = event(f"webhook/{kind}")
            with self.subTest(kind):
                self.assertEqual(json.loads(recorded["body"])["type"], kind)
                self.assert_answer(webhook.invoke(recorded), 400, "bad_signature")
                answer = self.assert_answer(webhook.invoke(signed(recorded)), 200)
                self.assertEqual(answer, {"received": True})

    def test_the_sandbox_signs_a_recorded_event_anew(self):
        command = [WORKSPACE / "target" / "debug" / "stripe-sandbox", "sign", "events/webhook.json"]
        printed = subprocess.run(
            [*command, "--webhook-secret", shop.WEBHOOK_SECRET],
            cwd=WORKSPACE,
            capture_output=True,
            check=True,
            timeout=20,
        )
        answer = self.start("webhook").invoke(json.loads(printed.stdout))
        self.assert_answer(answer, 200)

    def test_failed_signatures_are_counted_by_the_templates_filter(self):
        filters = of_type(template.read(), "AWS::Logs::MetricFilter")
        pattern = filters["SignatureFailures"]["Properties"]["FilterPattern"]
        webhook = self.start("webhook")
        webhook.invoke(event("webhook"))
        webhook.invoke(signed(event("webhook")))

        counted = [line for line in webhook.log_lines() if log_filter.matches(pattern, line)]

        self.assertEqual(len(counted), 1, webhook.log_lines())

    def test_a_panic_answers_500_is_logged_and_the_process_serves_the_next_request(self):
        emulator = Emulator(panicking(), {}, self.folder / "panicking.log")
        self.addCleanup(emulator.stop)
        process = self.assert_answer(emulator.invoke(event("order")), 200)
        self.assert_answer(emulator.invoke(event("create-intent")), 500, "internal")
        self.assertEqual(self.assert_answer(emulator.invoke(event("order")), 200), process)
        [line] = [line for line in emulator.log_lines() if line["level"] == "ERROR"]
        self.assertIn("panicked: as it was asked to", line["cause"])

    def test_who_invokes_a_function_that_cannot_start_hears_why(self):
        emulator = Emulator(bootstrap("order"), {}, self.folder / "order-without-settings.log")
        self.addCleanup(emulator.stop)
        answer = emulator.failure(event("order"))
        self.assertEqual(answer["errorType"], "CouldNotStart", answer)
        self.assertIn("DATABASE_URL is not set", answer["errorMessage"])

    def test_notify_reports_no_record_that_it_has_dealt_with(self):
        notify = self.start("notify", FAREBOX_NOTIFY_URL="log:")
        self.assertEqual(notify.invoke(event("notify")), {"batchItemFailures": []})

    def test_reconcile_runs_on_its_schedule(self):
        reconcile = self.start("reconcile")
        self.assertNotIn("errorType", reconcile.invoke(event("reconcile")) or {})
