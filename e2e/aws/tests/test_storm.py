"""Many concurrent events, three times each in any order, with processes that are killed while they
work."""

import itertools
import json
import random
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

from e2e.aws.build import bootstrap
from e2e.aws.deployment import Deployment
from testing.harness.function import Function
from testing.harness.program import wait_until
from testing.harness.shop import KEYS, Stripe
from testing.harness.stand_in import StandIn
from testing.harness.workspace import REGION

ORDERS = 300
COPIES = 3
SENDERS = 8
PROCESSES = 5
#: The number of acknowledged deliveries after which a process is killed.
BETWEEN_KILLS = 60


class Crew:
    """Processes of one function, on one table; a killed process is replaced."""

    def __init__(self, variables: dict[str, str], folder: Path):
        self._variables, self._folder, self._numbers = variables, folder, itertools.count()
        self._lock = Lock()
        self._servers = [self._start() for _ in range(PROCESSES)]
        self.kills = 0

    def _start(self) -> Function:
        log = self._folder / f"webhook-{next(self._numbers)}.log"
        return Function(bootstrap("webhook"), self._variables, log)

    def any(self) -> Function:
        """A random process."""
        return random.choice(self._servers)

    def kill_one(self) -> None:
        """Kills a random process."""
        with self._lock:
            place = random.randrange(PROCESSES)
            self._servers[place].kill()
            self._servers[place] = self._start()
            self.kills += 1

    def stop(self) -> None:
        """Stops all processes."""
        for server in self._servers:
            server.stop()


class Storm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = Path(temporary.name)
        cls.stripe = Stripe(cls.folder)
        cls.addClassCleanup(cls.stripe.stop)
        cls.aws = StandIn(cls.folder)
        cls.addClassCleanup(cls.aws.stop)
        # All payers are one caller, at one address.
        unlimited = {"FAREBOX_LIMIT_CALLER": "off", "FAREBOX_LIMIT_ADDRESS": "off"}
        cls.stack = Deployment(
            cls.aws, cls.folder, KEYS, STRIPE_API_BASE=cls.stripe.url, **unlimited
        )
        cls.stack.listen()

    def open_and_pay(self, number: int) -> str:
        """Pays an order without delivering its event; returns the order's id."""
        cart = {"items": [{"price": "mug", "quantity": 1}]}
        answer = self.stack.request_as("ada", "POST", "/api/create-intent", cart, f"cart-{number}")
        self.assertEqual(answer.status, 200, answer.text)
        self.stripe.pay(answer.json["clientSecret"].split("_secret_")[0])
        return answer.json["orderId"]

    def crew(self) -> Crew:
        """The webhook's processes, with the template's settings."""
        variables = self.aws.variables | {
            "AWS_REGION": REGION,
            "FAREBOX_SECRET_ID": self.stack.secret,
            "DATABASE_URL": f"dynamodb:{self.stack.table}",
            "STRIPE_API_BASE": self.stripe.url,
        }
        crew = Crew(variables, self.folder)
        self.addCleanup(crew.stop)
        return crew

    def deliver_all(self, crew: Crew, events: list[dict[str, Any]]) -> None:
        """Delivers every event three times, and retries unacknowledged deliveries as Stripe
        does."""
        waiting = [event for event in events for _ in range(COPIES)]
        random.shuffle(waiting)
        acknowledged = itertools.count(1)

        def deliver(event: dict[str, Any]) -> None:
            body = json.dumps(event).encode()
            for _ in range(50):
                try:
                    answer = crew.any().deliver(body)
                except OSError:
                    continue  # it was killed
                if answer.status == 200:
                    break
                self.assertEqual(answer.status, 503, answer.text)
            else:
                self.fail("no process acknowledged it")
            self.assertIsNotNone(
                self.stack.item(f"event#{event['id']}"), "it was acknowledged, and is not stored"
            )
            if next(acknowledged) % BETWEEN_KILLS == 0:
                crew.kill_one()
                self.kill_a_courier()

        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(deliver, waiting))

    def kill_a_courier(self) -> None:
        """Kills a process that delivers the outbox, if there is one."""
        for process in self.stack.processes("NotifyFunction")[:1]:
            try:
                self.stack.kill(process)
            except ProcessLookupError:
                pass  # it ended by itself

    def messages(self, expected: int) -> dict[str, set[str]]:
        """The message ids of each paid order, once all orders have one."""
        told: dict[str, set[str]] = {}

        def all_came() -> bool:
            # The lease of a killed process's message ends; the next scheduled run delivers it.
            self.stack.invoke("NotifyFunction", {})
            while events := self.stack.told():
                for event in events:
                    self.assertEqual(event["detail-type"], "order.paid")
                    told.setdefault(event["detail"]["data"]["orderId"], set()).add(
                        event["detail"]["id"]
                    )
            return len(told) >= expected and self.waiting() == 0

        wait_until("the delivery of every message", all_came, seconds=300, pause=0.5)
        return told

    def waiting(self) -> int:
        """The number of messages in the outbox."""
        counted = self.aws.client("dynamodb").query(
            TableName=self.stack.table,
            IndexName="queue",
            Select="COUNT",
            KeyConditionExpression="queue = :due",
            ExpressionAttributeValues={":due": {"S": "due"}},
        )
        return counted["Count"]

    def test_every_order_is_paid_once_and_every_notification_delivered(self):
        with ThreadPoolExecutor(SENDERS) as payers:
            orders = set(payers.map(self.open_and_pay, range(ORDERS)))
        self.assertEqual(len(orders), ORDERS)
        events = self.stripe.events("payment_intent.created", "payment_intent.succeeded")
        self.assertEqual(len(events), 2 * ORDERS)
        crew = self.crew()

        self.deliver_all(crew, events)
        told = self.messages(ORDERS)

        self.assertGreaterEqual(crew.kills, 20)
        self.assertEqual(set(told), orders)
        self.assertTrue(all(len(ids) == 1 for ids in told.values()), "one message for each order")
        for order in orders:
            self.assertEqual(self.stack.item(f"order#{order}")["status"]["S"], "paid")
        for event in events:
            self.assertIsNotNone(self.stack.item(f"event#{event['id']}"))
