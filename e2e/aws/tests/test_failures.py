"""Failures of dependencies: missing, denied, down, or with a wrong clock.

Each time, the status is the documented one, and a log line tells the remedy and contains no secret.
Afterwards a retry of the rejected request succeeds once.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from testing.harness import function, shop
from e2e.aws.case import Case, errors
from testing.harness.shop import KEYS
from testing.harness.workspace import REGION

FUNCTIONS = ["create-intent", "webhook", "order", "notify", "reconcile"]
FETCH_SECRET = ["create-intent", "webhook", "order", "reconcile"]
TEN_MINUTES = 600  # seconds


class Failures(Case):
    # A missing table.

    def test_a_start_without_the_table_names_it(self):
        self.table.delete()
        for name in FUNCTIONS:
            with self.subTest(name):
                self.assert_does_not_start(
                    name,
                    f"no DynamoDB table `{self.name}` in {REGION}",
                    "DATABASE_URL",
                    "AWS_REGION",
                )
        self.table.create()
        self.assertEqual(self.start("create-intent").pay("cart-1").status, 200)

    def test_a_table_that_goes_is_waited_for(self):
        create_intent, webhook = self.start("create-intent"), self.start("webhook")
        payment = self.payment(create_intent, "cart-1")
        kept = self.table.items("")

        self.table.delete()
        gone = f"no DynamoDB table `{self.name}`"
        self.assert_unavailable(webhook, webhook.deliver(payment[1]), gone)
        self.assert_unavailable(create_intent, create_intent.pay("cart-2"), gone)
        self.table.create()
        self.table.put(kept)

        self.assert_paid_once(webhook, payment)
        self.assertEqual(create_intent.pay("cart-2").status, 200)

    # Wrong secrets and missing permissions.

    def test_a_start_without_the_secret_names_it(self):
        for name in FETCH_SECRET:
            with self.subTest(name):
                self.assert_does_not_start(
                    name,
                    "`nowhere`",
                    f"no such secret in {REGION}",
                    "check FAREBOX_SECRET_ID and AWS_REGION",
                    FAREBOX_SECRET_ID="nowhere",
                )

    def test_a_malformed_secret_is_told_by_its_keys_and_not_by_its_values(self):
        bundle = KEYS | {"STRIPE_SECRET_KEY": "hunter2", "STRIPE_WEBHOOK_SECRET": ["hunter2"]}
        del bundle["FAREBOX_SITE_KEY"]
        self.secrets.put_secret_value(SecretId=self.name, SecretString=json.dumps(bundle))
        wrong = {
            "create-intent": ["STRIPE_SECRET_KEY", "FAREBOX_SITE_KEY is not set"],
            "webhook": ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET is not a string"],
            "order": ["FAREBOX_SITE_KEY is not set"],
            "reconcile": ["STRIPE_SECRET_KEY"],
        }
        for name, words in wrong.items():
            with self.subTest(name):
                self.assert_does_not_start(name, f"`{self.name}`", *words)
        self.assertNotIn("hunter2", "\n".join(self.said))

        self.secrets.put_secret_value(SecretId=self.name, SecretString=json.dumps(KEYS))
        self.start("webhook")

    def test_a_start_without_permission_names_what_is_denied(self):
        caller = self.someone()
        for name in FETCH_SECRET:
            with self.subTest(name):
                needs = ["permission denied", "needs secretsmanager:GetSecretValue"]
                self.assert_does_not_start(name, f"`{self.name}`", *needs, **caller)

        self.permit("secretsmanager:GetSecretValue")
        for name in FETCH_SECRET:
            with self.subTest(name):
                denied = f"AWS denies dynamodb:GetItem on the table `{self.name}`"
                self.assert_does_not_start(name, denied, "check the function's role", **caller)

        self.permit("secretsmanager:GetSecretValue", "dynamodb:GetItem", "dynamodb:PutItem")
        self.start("order", **caller)

    def test_a_start_with_wrong_keys_of_awss_says_so_whatever_the_clock(self):
        caller = self.someone("secretsmanager:GetSecretValue", "dynamodb:*")
        wrong = caller | {"AWS_SECRET_ACCESS_KEY": "wrong"}
        for ahead in [0, TEN_MINUTES]:
            with self.subTest(ahead):
                self.to_aws.ahead = ahead
                self.assert_does_not_start(
                    "webhook", "AWS does not take this process's credentials", **wrong
                )
                # An operator's command reads the table alone.
                set_there = ["AWS_REGION", "AWS_ENDPOINT_URL", "DATABASE_URL"]
                variables = {name: self.variables[name] for name in set_there}
                ended = function.run("notify", variables | wrong, "dead-letters")
                self.said.append(ended.output)
                self.assertEqual(ended.code, 1, ended.output)
                denied = f"on the table `{self.name}` (InvalidSignatureException"
                self.assertIn(denied, ended.output)
                self.assertIn("check the function's role and keys", ended.output)
        self.to_aws.ahead = 0
        self.start("webhook", **caller)

    def test_a_permission_that_is_taken_away_delays_and_loses_nothing(self):
        everything = ["secretsmanager:GetSecretValue", "dynamodb:*"]
        caller = self.someone(*everything)
        create_intent, webhook = (
            self.start("create-intent", **caller),
            self.start("webhook", **caller),
        )
        payment = self.payment(create_intent, "cart-1")

        self.permit("secretsmanager:GetSecretValue", "dynamodb:GetItem", "dynamodb:BatchGetItem")
        denied = f"on the table `{self.name}` (AccessDeniedException"
        self.assert_unavailable(
            webhook, webhook.deliver(payment[1]), denied, "check the function's role"
        )
        self.assert_unavailable(create_intent, create_intent.pay("cart-2"), denied)
        self.assertEqual(len(self.table.items("event#")), 0)
        self.assertEqual(len(self.table.items("order#")), 1)
        self.permit(*everything)

        self.assert_paid_once(webhook, payment)
        self.assertEqual(create_intent.pay("cart-2").status, 200)

    # Outages of AWS and Stripe.

    def test_an_outage_of_the_database_delays_and_loses_nothing(self):
        create_intent, webhook = self.start("create-intent"), self.start("webhook")
        payment = self.payment(create_intent, "cart-1")

        carts = [f"cart-{nth}" for nth in range(2, 5)]
        with self.down(self.to_aws), ThreadPoolExecutor() as together:
            delivered = together.map(webhook.deliver, [payment[1]] * 3)
            paid = together.map(create_intent.pay, carts)
            for answer in delivered:
                self.assert_unavailable(webhook, answer, "DynamoDB did not answer dynamodb:")
            for answer in paid:
                self.assert_unavailable(create_intent, answer, "DynamoDB did not answer dynamodb:")
        self.assertEqual(len(self.table.items("event#")), 0)
        self.assertEqual(len(self.table.items("order#")), 1)

        self.assert_paid_once(webhook, payment)
        for cart in carts:
            answer = create_intent.pay(cart)
            self.assertEqual(answer.status, 200, answer.text)
            self.assertEqual(len(self.intents_of(answer.json["orderId"])), 1)

    def test_an_outage_of_stripe_delays_payments_and_no_event(self):
        create_intent, webhook = (
            self.start("create-intent", FAREBOX_PRICE_TTL="3600"),
            self.start("webhook"),
        )
        payment = self.payment(create_intent, "cart-1")

        with self.down(self.to_stripe):
            self.assert_unavailable(create_intent, create_intent.pay("cart-2"), "Stripe")
            self.assert_paid_once(webhook, payment)

        first, again = create_intent.pay("cart-2"), create_intent.pay("cart-2")
        self.assertEqual((first.status, again.json), (200, first.json))
        self.assertEqual(len(self.intents_of(first.json["orderId"])), 1)

    def test_reconcile_skips_nothing_that_stripe_did_not_list(self):
        self.assertEqual(self.run_to_its_end("reconcile", "--once").code, 0)
        payment = self.payment(self.start("create-intent"), "cart-1")
        cursors = self.table.items("cursor#")
        self.assertTrue(cursors)
        # The end is exclusive, and the event was created in this second.
        now = int(time.time())
        span = ["--since", str(now - 3600), "--until", str(now + 60)]

        with self.down(self.to_stripe):
            for arguments in ["--once"], span:
                ended = self.run_to_its_end("reconcile", *arguments)
                self.assertEqual(ended.code, 1)
                self.assert_says(
                    errors(ended.lines())[-1], "the run failed: Stripe did not list its events"
                )
        self.assertEqual(self.table.items("cursor#"), cursors)
        self.assertEqual(self.orders_told(), [])

        self.assertEqual(self.run_to_its_end("reconcile", *span).code, 0)
        self.assertEqual(self.orders_told(), [payment[0]["orderId"]])
        self.assertEqual(self.start("webhook").deliver(payment[1]).status, 200)
        self.assertEqual(self.orders_told(), [payment[0]["orderId"]])

    # Wrong clocks.

    def test_an_event_of_another_time_is_refused_and_the_log_says_to_check_the_clock(self):
        webhook = self.start("webhook")
        payment = self.payment(self.start("create-intent"), "cart-1")
        for off in [-TEN_MINUTES, TEN_MINUTES]:
            with self.subTest(off):
                signature = shop.signature(payment[1], at=time.time() + off)
                answer = webhook.deliver(payment[1], signature)
                self.assertEqual(
                    (answer.status, answer.json["error"]["code"]), (400, "bad_signature")
                )
                line = [
                    line
                    for line in webhook.lines()
                    if line["message"] == "the signature does not match"
                ][-1]
                self.assert_says(line, "check the clock")
        self.assert_paid_once(webhook, payment)

    def test_a_clock_ahead_of_awss_stops_no_payment(self):
        self.assert_corrected(-TEN_MINUTES)

    def test_a_clock_behind_awss_stops_no_payment(self):
        self.assert_corrected(TEN_MINUTES)

    def assert_corrected(self, behind: int) -> None:
        """With a clock that is `behind` AWS's by so many seconds, payments succeed, and a log line
        reports it."""
        self.to_aws.ahead = behind
        create_intent, webhook = self.start("create-intent"), self.start("webhook")
        self.assert_paid_once(webhook, self.payment(create_intent, "cart-1"))
        for one in create_intent, webhook:
            [told] = [line for line in one.lines() if "clock.behind_seconds" in line]
            self.assertEqual(told["level"], "WARN")
            self.assert_says(told, "this machine's clock is not AWS's", "set it")
            self.assertAlmostEqual(told["clock.behind_seconds"], behind, delta=5)
