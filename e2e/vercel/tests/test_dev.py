"""Two functions under `vercel dev`, with a SQLite database and keys in the environment."""

import json

from testing.harness import shop
from testing.harness.shop import KEYS, Answer
from e2e.vercel.project import DEVELOPED, Dev
from e2e.vercel.tests.test_bundles import CAP, CART, Case, event


class DevTest(Case):
    """The functions under development."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        settings = KEYS | {
            "STRIPE_API_BASE": cls.stripe.url,
            "DATABASE_URL": f"sqlite:{cls.folder / 'database.sqlite'}",
            "FAREBOX_LIMIT_ADDRESS": "2,open:400",
        }
        cls.dev = Dev(DEVELOPED, settings, cls.folder / "dev.log")
        cls.addClassCleanup(cls.dev.stop)

    def tearDown(self):
        self.check_that_no_secret_was_said(self.dev)

    def deliver(self, body: bytes, signature: str = "") -> Answer:
        headers = {"Stripe-Signature": signature or shop.signature(body)}
        return shop.request("POST", f"{self.dev.url}/api/webhooks/stripe", body, headers)

    def start_payment(self, number: int) -> Answer:
        """Starts a payment of a new caller, who claims a new address."""
        headers = {
            "Authorization": f"Bearer {shop.token(f'caller-{number}')}",
            "Idempotency-Key": "cart",
            "Content-Type": "application/json",
            "X-Vercel-Forwarded-For": f"203.0.113.{number}",
        }
        return shop.request(
            "POST", f"{self.dev.url}/api/create-intent", json.dumps(CART).encode(), headers
        )

    def test_signed_bytes_arrive_exactly_and_others_are_refused(self):
        for size in [1_000, 900_000]:
            answer = self.deliver(event(size))
            self.assertEqual((answer.status, answer.json), (200, {"received": True}), size)
        forged = self.deliver(event(1_000), shop.signature(event(1_000), "whsec_forged"))
        self.assertEqual((forged.status, forged.json["error"]["code"]), (400, "bad_signature"))
        large = self.deliver(event(CAP + 1))
        self.assertEqual((large.status, large.json["error"]["code"]), (413, "body_too_large"))

    def test_payments_are_counted_by_the_address_that_vercels_tool_writes(self):
        answers = [self.start_payment(number) for number in range(3)]
        self.assertEqual([answer.status for answer in answers], [200, 200, 429], answers)
        self.assertEqual(sorted(answers[0].json), sorted(answers[1].json))
        self.assertIn("_secret_", answers[0].json["clientSecret"])
