"""The environment of a function: a stand-in for AWS, a Stripe sandbox, Postgres, unpaid orders,
and events."""

import json
import re
import sqlite3
import time
import urllib.request
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from testing.harness import shop
from testing.harness.function import Function
from testing.harness.program import Program, environment
from testing.harness.stand_in import CREDENTIALS
from testing.harness.workspace import REGION
from bench.build import Built
from bench.events import EVENT, INTENT, ORDER, SIZES, of_size
from bench.postgres import Postgres
from bench.subjects import Subject

TABLE = "ours"


class Surroundings:
    """The environment of one run, the same for every subject."""

    def __init__(self, built: Built, folder: Path):
        self.built, self.folder = built, folder
        self._stack = ExitStack()
        secret = folder / "secret.json"
        secret.write_text(json.dumps(shop.KEYS))
        command = [str(built.ours("stand-in")), "--secret", str(secret)]
        self._aws = Program(command, environment(), folder / "stand-in.log")
        self._stack.callback(self._aws.stop)
        self._aws.wait_for("listening", self._address)
        self.aws_url = self._address()
        self.stripe = shop.Stripe(folder, built.ours("stripe-sandbox"))
        self._stack.callback(self.stripe.stop)
        #: Common variables; each function reads those that it needs.
        self.variables = CREDENTIALS | {
            # Lambda always sets it; the emulator makes it blank if it is missing.
            "AWS_SESSION_TOKEN": "bench",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "STRIPE_API_BASE": self.stripe.url,
            "SECRET_ID": "bench",
            "FAREBOX_SECRET_ID": "bench",
            "DATABASE_URL": f"dynamodb:{TABLE}",
            # As the peers do, it asks Stripe for nothing about a payment.
            "FAREBOX_PAYER": "omit",
        }
        self._requests = 0
        self.postgres = Postgres(built, folder)
        self.items, self.event = self._paid_order()
        self.bodies = {name: self._body(size) for name, size in SIZES.items()}

    def stop(self) -> None:
        """Stops it."""
        self._stack.close()

    def _address(self) -> str:
        said = re.search(r"listening on (\S+)", self._aws.output())
        return said.group(1) if said else ""

    def _paid_order(self) -> tuple[list[Any], dict[str, Any]]:
        """One order of create-intent, as items of the table, and the event of its payment.

        It creates the same order in a SQLite file, `self.sqlite`, and in Postgres, the originals of
        later copies. It gives both the table's deployment id, so that the event fits all.
        """
        self.sqlite = self.folder / "one.sqlite"
        token = order_token()
        self.intent = self._open(self.variables["DATABASE_URL"], token)
        self._open(f"sqlite:{self.sqlite}", token)
        self._open(self.postgres.one, token)
        self.stripe.pay(self.intent)
        [event] = self.stripe.events("payment_intent.succeeded")
        deployment = event["data"]["object"]["metadata"]["farebox_deployment"]
        with closing(sqlite3.connect(self.sqlite)) as file, file:
            named = file.execute(
                "UPDATE cursors SET value = ? WHERE name = 'deployment'", [deployment]
            )
        assert named.rowcount == 1, "the file has a deployment id"
        self.postgres.keep_order(deployment)
        with urllib.request.urlopen(f"{self.aws_url}/items/{TABLE}") as answer:
            text = answer.read().decode().replace(self.intent, INTENT)
        items = [
            item for item in json.loads(text) if item["pk"]["S"].startswith(("order#", "intent#"))
        ]
        return items, json.loads(
            json.dumps(event).replace(self.intent, INTENT).replace(event["id"], EVENT)
        )

    def _open(self, where: str, token: str) -> str:
        """Creates the order in this database; returns its intent's id."""
        variables = self.variables | {"DATABASE_URL": where}
        create_intent = Function(
            self.built.ours("create-intent"), variables, self.folder / "first.log"
        )
        headers = {
            "Authorization": f"Bearer {shop.token('ada')}",
            "Content-Type": "application/json",
        }
        try:
            answer = shop.request(
                "POST", create_intent.url, json.dumps({"order": token}).encode(), headers
            )
        finally:
            create_intent.stop()
        assert answer.status == 200, answer.text
        return answer.json["clientSecret"].split("_secret_")[0]

    def seed(self, subject: Subject, first: int, count: int) -> None:
        """Puts orders with these numbers into the subject's database."""
        if subject.database:
            self.postgres.seed(subject.database, first, count)
            return
        copies = {"table": TABLE, "items": self.items, "first": first, "count": count}
        body = json.dumps(copies).encode()
        request = urllib.request.Request(
            f"{self.aws_url}/copies", body, {"Content-Type": "application/json"}, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=60):
            pass

    def asked(self) -> list[str]:
        """The requests to AWS and Stripe since the last call: AWS's operations, then Stripe's
        methods."""
        with urllib.request.urlopen(f"{self.aws_url}/asked") as answer:
            operations = json.loads(answer.read())
        with urllib.request.urlopen(f"{self.stripe.url}/_sandbox/requests") as answer:
            requests = json.loads(answer.read())["data"]
        since, self._requests = requests[self._requests :], len(requests)
        return operations + [request["method"] for request in since]

    def _body(self, size: int) -> Path:
        """The file of an event with so many bytes."""
        path = self.folder / f"event-{size}.json"
        path.write_text(of_size(self.event, size))
        return path


def order_token() -> str:
    """The original order, as the shop's server signs it."""
    now = int(time.time())
    claims = {"aud": "farebox:order", "sub": "ada", "iat": now, "exp": now + 300}
    order = {"orderId": ORDER, "amount": 1999, "currency": "eur", "description": "Two mugs"}
    return shop.signed(claims | order)
