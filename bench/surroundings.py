"""What a function meets: a stand-in for AWS, a sandbox of Stripe, orders that wait to be paid, and events."""

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
from bench.events import SIZES, of_size

#: What stands for the number of an order in what is copied.
NUMBER = "000000000"
TABLE = "ours"
ORDER = f"bench-{NUMBER}"
INTENT = f"pi_bench{NUMBER}"
EVENT = f"evt_bench{NUMBER}"


class Surroundings:
    """All of it, for one run; the same for every function that is measured."""

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
        #: For every function alike; each takes from it what it reads.
        self.variables = CREDENTIALS | {
            # Lambda always gives one; the emulator makes it blank where there is none.
            "AWS_SESSION_TOKEN": "bench", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "STRIPE_API_BASE": self.stripe.url, "SECRET_ID": "bench", "FAREBOX_SECRET_ID": "bench",
            "DATABASE_URL": f"dynamodb:{TABLE}",
        }
        self._requests = 0
        self.items, self.event = self._paid_order()
        self.bodies = {name: self._body(size) for name, size in SIZES.items()}

    def stop(self) -> None:
        """Ends it."""
        self._stack.close()

    def _address(self) -> str:
        said = re.search(r"listening on (\S+)", self._aws.output())
        return said.group(1) if said else ""

    def _paid_order(self) -> tuple[list[Any], dict[str, Any]]:
        """One order as create-intent opens it, as items of the table, and the event of its payment.

        The same order is opened in a SQLite file, `self.sqlite`, which waits to be copied. It is made the
        table's deployment, as if one had been moved to the other, so that the event is of both.
        """
        self.sqlite = self.folder / "one.sqlite"
        token = order_token()
        self.intent = self._open(self.variables["DATABASE_URL"], token)
        self._open(f"sqlite:{self.sqlite}", token)
        self.stripe.pay(self.intent)
        [event] = self.stripe.events("payment_intent.succeeded")
        deployment = event["data"]["object"]["metadata"]["farebox_deployment"]
        with closing(sqlite3.connect(self.sqlite)) as file, file:
            named = file.execute("UPDATE cursors SET value = ? WHERE name = 'deployment'", [deployment])
        assert named.rowcount == 1, "the file has a deployment id"
        with urllib.request.urlopen(f"{self.aws_url}/items/{TABLE}") as answer:
            text = answer.read().decode().replace(self.intent, INTENT)
        items = [item for item in json.loads(text) if item["pk"]["S"].startswith(("order#", "intent#"))]
        return items, json.loads(json.dumps(event).replace(self.intent, INTENT).replace(event["id"], EVENT))

    def _open(self, where: str, token: str) -> str:
        """Opens the order in this database; the id of its intent."""
        variables = self.variables | {"DATABASE_URL": where}
        create_intent = Function(self.built.ours("create-intent"), variables, self.folder / "first.log")
        headers = {"Authorization": f"Bearer {shop.token('ada')}", "Content-Type": "application/json"}
        try:
            answer = shop.request("POST", create_intent.url, json.dumps({"order": token}).encode(), headers)
        finally:
            create_intent.stop()
        assert answer.status == 200, answer.text
        return answer.json["clientSecret"].split("_secret_")[0]

    def seed(self, first: int, count: int) -> None:
        """Puts orders with these numbers into the table."""
        copies = {"table": TABLE, "items": self.items, "first": first, "count": count}
        body = json.dumps(copies).encode()
        request = urllib.request.Request(
            f"{self.aws_url}/copies", body, {"Content-Type": "application/json"}, method="PUT"
        )
        with urllib.request.urlopen(request, timeout=60):
            pass

    def asked(self) -> list[str]:
        """What AWS and then Stripe were asked since this was last read: AWS's operations, Stripe's methods."""
        with urllib.request.urlopen(f"{self.aws_url}/asked") as answer:
            operations = json.loads(answer.read())
        with urllib.request.urlopen(f"{self.stripe.url}/_sandbox/requests") as answer:
            requests = json.loads(answer.read())["data"]
        since, self._requests = requests[self._requests:], len(requests)
        return operations + [request["method"] for request in since]

    def _body(self, size: int) -> Path:
        """The file of an event with so many bytes."""
        path = self.folder / f"event-{size}.json"
        path.write_text(of_size(self.event, size))
        return path


def order_token() -> str:
    """The order that others are copies of, as the shop's server signs it."""
    now = int(time.time())
    claims = {"aud": "farebox:order", "sub": "ada", "iat": now, "exp": now + 300}
    order = {"orderId": ORDER, "amount": 1999, "currency": "eur", "description": "Two mugs"}
    return shop.signed(claims | order)
