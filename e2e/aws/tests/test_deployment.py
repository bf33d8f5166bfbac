"""The stack, deployed by `sam deploy` to a stand-in for AWS, through its API."""

import itertools
import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

from e2e.aws import log_filter, rights, template
from e2e.aws.deployment import ACCOUNT, Deployment
from testing.harness.program import wait_until
from testing.harness.shop import KEYS, Stripe
from testing.harness.stand_in import StandIn
from e2e.aws.template import of_type
from testing.harness.workspace import REGION


class Stack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        folder = Path(temporary.name)
        cls.stripe = Stripe(folder)
        cls.addClassCleanup(cls.stripe.stop)
        cls.aws = StandIn(folder)
        cls.addClassCleanup(cls.aws.stop)
        cls.stack = Deployment(cls.aws, folder, KEYS, STRIPE_API_BASE=cls.stripe.url)

    def start_payment(self, key: str) -> dict[str, str]:
        """Starts a payment; returns the response and the intent's id."""
        cart = {"items": [{"price": "mug", "quantity": 2}]}
        answer = self.stack.request_as("ada", "POST", "/api/create-intent", cart, key)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.json | {"intent": answer.json["clientSecret"].split("_secret_")[0]}

    def success_of(self, intent: str) -> dict[str, Any]:
        """Stripe's event of a successful payment."""
        events = self.stripe.events("payment_intent.succeeded")
        [event] = [event for event in events if event["data"]["object"]["id"] == intent]
        return event

    def deliver(self, intent: str) -> None:
        """Delivers the event of a successful payment."""
        answer = self.stack.deliver(json.dumps(self.success_of(intent)).encode())
        self.assertEqual((answer.status, answer.json), (200, {"received": True}))

    def order(self, started: dict[str, str]) -> dict[str, str]:
        """The order, as its owner reads it."""
        return self.stack.request_as("ada", "GET", f"/api/order?id={started['orderId']}").json

    def test_a_payment_goes_from_the_cart_to_a_paid_order(self):
        started = self.start_payment("cart-1")
        self.stripe.pay(started["intent"])
        self.assertEqual(self.order(started)["status"], "created")

        self.deliver(started["intent"])
        self.deliver(started["intent"])

        self.assertEqual(self.order(started)["status"], "paid")

    def test_a_forged_event_moves_nothing_and_is_counted(self):
        started = self.start_payment("cart-2")
        self.stripe.pay(started["intent"])
        event = self.success_of(started["intent"])

        answer = self.stack.deliver(json.dumps(event).encode(), "whsec_another0123456789")

        self.assertEqual((answer.status, answer.json["error"]["code"]), (400, "bad_signature"))
        self.assertEqual(self.order(started)["status"], "created")
        filters = of_type(self.stack.template, "AWS::Logs::MetricFilter")
        pattern = filters["SignatureFailures"]["Properties"]["FilterPattern"]
        wait_until(
            "the failure in its log group",
            lambda: [
                line
                for line in self.stack.log_lines("WebhookLog")
                if log_filter.matches(pattern, line)
            ],
        )

    def test_what_a_killed_process_has_done_stays_done(self):
        started = self.start_payment("cart-3")
        [*processes] = self.stack.processes("CreateIntentFunction")
        self.assertTrue(processes)

        for process in processes:
            self.stack.kill(process)

        wait_until("the end of them", lambda: not self.stack.processes("CreateIntentFunction"))
        self.assertEqual(self.start_payment("cart-3"), started)

    def test_the_api_has_no_other_routes(self):
        for method, path in [
            ("GET", "/"),
            ("GET", "/api/webhooks/stripe"),
            ("POST", "/api/notify"),
        ]:
            self.assertEqual(self.stack.request(method, path).status, 404, path)

    def test_a_role_permits_what_its_function_does_and_nothing_else(self):
        table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{self.stack.table}"
        stream = f"{table}/stream/2026-11-22T00:00:00.000"
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.stack.dead_letter_queue.rsplit('/', 1)[1]}"
        bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{self.stack.event_bus}"
        permitted = set()
        for folder in template.folders():
            name = template.logical_id(folder)
            permitted |= {(name, action, table) for action in rights.on_items(folder)}
            if rights.fetches_the_secret(folder):
                permitted.add((name, "secretsmanager:GetSecretValue", self.stack.secret))
            permitted |= {
                (name, "dynamodb:Query", f"{table}/index/{index}")
                for index in rights.indexes(folder)
            }
            if rights.delivers(folder):
                # Only on the outbox's items; the stand-in's simulation ignores keys.
                permitted |= {
                    (name, f"dynamodb:{change}Item", table) for change in ["Update", "Delete"]
                }
                permitted |= {
                    (name, "dynamodb:GetRecords", stream),
                    (name, "sqs:SendMessage", queue),
                }
                permitted.add((name, "events:PutEvents", bus))
        never = {("dynamodb:Scan", table), ("dynamodb:DeleteTable", table)}
        never |= {
            ("secretsmanager:PutSecretValue", self.stack.secret),
            ("sqs:ReceiveMessage", queue),
        }
        asked = {(action, resource) for _, action, resource in permitted} | never
        names = template.functions(self.stack.template)

        for name, (action, resource) in itertools.product(names, sorted(asked)):
            with self.subTest(f"{name} {action}"):
                expected = (name, action, resource) in permitted
                self.assertEqual(self.stack.may(name, action, resource), expected)
