"""The commands of docs/runbooks/dead-letters.md and incident.md, on a table."""

import json

from testing.harness import function
from e2e.aws.case import Case, errors

#: The operator's permissions in the runbook.
OPERATOR = [
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
]


class DeadLetters(Case):
    def operator_runs(self, *arguments: str) -> function.Ended:
        """Runs `notify` as an operator, with only the settings of the runbook."""
        set_there = ["AWS_REGION", "AWS_ENDPOINT_URL", "DATABASE_URL"]
        variables = {name: self.variables[name] for name in set_there}
        ended = function.run("notify", variables | self.someone(*OPERATOR), *arguments)
        self.said.append(ended.output)
        return ended

    def operate(self, *arguments: str) -> list[str]:
        """The output of `notify` for the operator."""
        ended = self.operator_runs(*arguments)
        self.assertEqual(ended.code, 0, ended.output)
        return ended.output.splitlines()

    def deliver(self, bus: str, **caller: str) -> list[str]:
        """The output of a run of `notify` that delivers to a bus, as its schedule does."""
        ended = self.run_to_its_end(
            "notify", "--once", FAREBOX_NOTIFY_URL=f"eventbridge:{bus}", **caller
        )
        self.assertEqual(ended.code, 0, ended.output)
        return ended.output.splitlines()

    def pay(self) -> str:
        """Pays an order; returns the key of its message."""
        started, event = self.payment(self.start("create-intent"), "cart-1")
        self.assertEqual(self.start("webhook").deliver(event).status, 200)
        self.assertEqual(self.orders_told(), [started["orderId"]])
        [message] = self.table.items("outbox#")
        return message["pk"]["S"]

    def test_a_dead_letter_is_listed_sent_again_and_delivered(self):
        self.aws.client("events").create_event_bus(Name=self.name)
        key = self.pay()
        message = key.removeprefix("outbox#")
        self.table.change(key, attempts={"N": "34"})

        granted = ["dynamodb:*", "events:DescribeEventBus", "secretsmanager:GetSecretValue"]
        denied = self.someone(*granted)
        said = self.deliver(self.name, **denied)
        self.assertEqual(said[-1], "0 delivered, 0 delayed, 1 dead-lettered")
        [line] = errors(function.lines("\n".join(said)))
        self.assert_says(
            line,
            "a message is a dead letter: fix the destination, then run `notify redrive`",
            "AccessDeniedException",
        )
        self.assertEqual((line["message.id"], line["metric.dead_lettered"]), (message, 1))
        self.assertEqual(self.deliver(self.name)[-1], "0 delivered, 0 delayed, 0 dead-lettered")

        [listed] = self.operate("dead-letters")
        self.assertEqual(listed.split("\t")[:2], [message, "order.paid"])
        self.assertRegex(
            listed, "35 attempts\tEventBridge did not accept the event: AccessDeniedException"
        )
        self.assertEqual(self.operate("redrive", message), ["1 due again"])
        self.assertEqual(self.operate("redrive", "--all"), ["0 due again"])
        self.assertEqual(self.operate("dead-letters"), [])
        self.assertEqual(self.deliver(self.name)[-1], "1 delivered, 0 delayed, 0 dead-lettered")

        [told] = self.table.items("outbox#")
        self.assertIn("delivered_at", told)
        self.assertNotIn("body", told)

    def test_a_message_that_the_stream_never_told_of_is_delivered_by_the_schedule(self):
        self.aws.client("events").create_event_bus(Name=self.name)
        self.pay()
        self.assertEqual(self.deliver(self.name)[-1], "1 delivered, 0 delayed, 0 dead-lettered")

    def test_nothing_is_delivered_from_an_operators_machine_by_a_slip(self):
        self.pay()
        ended = self.operator_runs("--once")
        self.assertEqual(ended.code, 1)
        self.assertIn("FAREBOX_NOTIFY_URL is not set", ended.output)

    def test_an_event_that_was_set_aside_is_listed_released_and_taken(self):
        webhook = self.start("webhook")
        payment = self.payment(self.start("create-intent"), "cart-1")
        event = json.loads(payment[1])
        event["data"]["object"] |= {"amount": 1, "amount_received": 1}
        self.assertEqual(webhook.deliver(json.dumps(event).encode()).status, 200)
        [line] = errors(webhook.lines())
        self.assert_says(line, "quarantined an event: list it with `notify quarantined`")

        [listed] = self.operate("quarantined")
        self.assertEqual(listed.split("\t")[:2], [event["id"], "payment_intent.succeeded"])
        released = "released: send it again from Stripe's dashboard or CLI"
        self.assertEqual(self.operate("release", event["id"]), [released])
        self.assertEqual(
            self.operate("release", event["id"]), ["there is no such event in the quarantine"]
        )
        self.assert_paid_once(webhook, payment)
