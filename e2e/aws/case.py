"""A test case for functions as plain programs, with a table of the stand-in for AWS.

The functions call AWS and Stripe through relays, which a test can stop. After every test it
searches the functions' logs for secrets.
"""

import json
import tempfile
import time
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from testing.harness import function
from testing.harness.function import Function, Line
from testing.harness.relay import Relay
from testing.harness.shop import KEYS, Answer, Stripe
from testing.harness.stand_in import CREDENTIALS, StandIn
from e2e.aws.table import Table
from testing.harness.workspace import REGION


class Case(unittest.TestCase):
    """A stand-in for AWS for all tests of a class; a table, a secret and a Stripe sandbox for each
    test."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.aws = StandIn(cls.folder)
        cls.addClassCleanup(cls.aws.stop)
        cls.secrets = cls.aws.client("secretsmanager")
        cls.iam = cls.aws.client("iam")

    def setUp(self):
        self.name = f"t{time.monotonic_ns()}"
        self.table = Table(self.aws, self.name)
        self.secrets.create_secret(Name=self.name, SecretString=json.dumps(KEYS))
        #: The output of all functions.
        self.said: list[str] = []
        self.addCleanup(self.check_that_no_secret_was_said)
        self.stripe = Stripe(self.folder)
        self.addCleanup(self.stripe.stop)
        self.to_stripe = Relay(self.stripe.url)
        self.addCleanup(self.to_stripe.stop)
        self.to_aws = Relay(self.aws.url)
        self.addCleanup(self.to_aws.stop)
        self.variables = CREDENTIALS | {
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": self.to_aws.url,
            "FAREBOX_SECRET_ID": self.name,
            "DATABASE_URL": f"dynamodb:{self.name}",
            "STRIPE_API_BASE": self.to_stripe.url,
            "FAREBOX_STRIPE_DEADLINE": "3",
            "FAREBOX_NOTIFY_URL": "log:",
        }

    def check_that_no_secret_was_said(self):
        for word in [*KEYS.values(), "_secret_", "Bearer", "v1="]:
            self.assertNotIn(word, "\n".join(self.said))

    def start(self, name: str, **changes: str) -> Function:
        """Starts a function as a server, with the table."""
        log = self.folder / f"{self.name}.{name}.log"
        started = Function(function.binary(name), self.variables | changes, log)
        self.addCleanup(lambda: self.said.append(log.read_text()))
        self.addCleanup(started.stop)
        return started

    def run_to_its_end(self, name: str, *arguments: str, **changes: str) -> function.Ended:
        """Runs a function as a command."""
        ended = function.run(name, self.variables | changes, *arguments)
        self.said.append(ended.output)
        return ended

    def assert_does_not_start(self, name: str, *words: str, **changes: str) -> None:
        """Asserts that the function fails to start with one error, which contains all of
        `words`."""
        once = {"notify": ["--once"], "reconcile": ["--once"]}
        ended = self.run_to_its_end(name, *once.get(name, []), **changes)
        self.assertEqual(ended.code, 1, ended.output)
        [line] = errors(ended.lines())
        self.assertTrue(line["message"].startswith("could not start: "), line)
        self.assert_says(line, *words)

    def assert_says(self, line: Line, *words: str) -> None:
        """Asserts that a log line, or its cause, contains all of `words`."""
        text = f"{line['message']}: {line.get('cause')}"
        for word in words:
            self.assertIn(word, text)

    def assert_unavailable(self, one: Function, answer: Answer, *words: str) -> None:
        """Asserts a 503, and one logged error of that request, which contains all of `words`."""
        self.assertEqual(
            (answer.status, answer.json["error"]["code"]), (503, "unavailable"), answer
        )
        self.assertEqual({n.lower(): v for n, v in answer.headers.items()}["retry-after"], "2")
        request = answer.json["error"]["requestId"]
        [line] = [line for line in errors(one.lines()) if line["span"]["request.id"] == request]
        self.assert_says(line, *words)

    def payment(self, create_intent: Function, key: str) -> tuple[dict[str, str], bytes]:
        """Starts and completes a payment; returns the response and Stripe's event."""
        answer = create_intent.pay(key)
        self.assertEqual(answer.status, 200, answer.text)
        intent = answer.json["clientSecret"].split("_secret_")[0]
        self.stripe.pay(intent)
        events = self.stripe.events("payment_intent.succeeded")
        [event] = [event for event in events if event["data"]["object"]["id"] == intent]
        return answer.json, json.dumps(event).encode()

    def assert_paid_once(self, webhook: Function, payment: tuple[dict[str, str], bytes]) -> None:
        """Delivers the event twice: the order becomes paid, and the outbox has one message about
        it."""
        started, event = payment
        self.assertEqual(self.orders_told(), [])
        outcomes = []
        for _ in range(2):
            answer = webhook.deliver(event)
            self.assertEqual((answer.status, answer.json), (200, {"received": True}))
            outcomes.append([line for line in webhook.lines() if "outcome" in line][-1]["outcome"])
        self.assertEqual(outcomes, ["applied", "duplicate"])
        [order] = self.table.items(f"order#{started['orderId']}")
        self.assertEqual(order["status"]["S"], "paid")
        self.assertEqual(self.orders_told(), [started["orderId"]])

    def orders_told(self) -> list[str]:
        """The orders of the outbox's messages about payments."""
        messages = self.table.items("outbox#")
        paid = [message for message in messages if message["type"]["S"] == "order.paid"]
        return [json.loads(message["body"]["S"])["data"]["orderId"] for message in paid]

    def intents_of(self, order: str) -> list[Any]:
        """The order's intents in Stripe."""
        intents = self.stripe.call("GET", "/v1/payment_intents?limit=100")["data"]
        return [intent for intent in intents if intent["metadata"].get("farebox_order") == order]

    def someone(self, *actions: str) -> dict[str, str]:
        """The credentials of a new IAM user, who may perform only `actions`."""
        self.user = f"u{time.monotonic_ns()}"
        self.iam.create_user(UserName=self.user)
        key = self.iam.create_access_key(UserName=self.user)["AccessKey"]
        self.permit(*actions)
        return {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def permit(self, *actions: str) -> None:
        """Changes the user's permissions to `actions`."""
        statement = {
            "Effect": "Allow",
            "Action": actions or ["sts:GetCallerIdentity"],
            "Resource": "*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.iam.put_user_policy(UserName=self.user, PolicyName="may", PolicyDocument=policy)

    @contextmanager
    def down(self, relay: Relay) -> Iterator[None]:
        """Stops `relay`: its target does not respond."""
        relay.is_up = False
        yield
        relay.is_up = True


def errors(lines: list[Line]) -> list[Line]:
    """The lines with the level ERROR."""
    return [line for line in lines if line["level"] == "ERROR"]
