"""A role with write access to one kind of item may write only those keys."""

import fnmatch
import json
import time

from e2e.aws import template
from testing.harness import shop
from e2e.aws.case import Case
from e2e.aws.template import of_type


def keys_permitted(role: str) -> list[str]:
    """The key patterns that a role may put."""
    policies = of_type(template.read(), "AWS::IAM::Role")[role]["Properties"]["Policies"]
    [keys] = [
        statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        for policy in policies
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Action") == "dynamodb:PutItem"
    ]
    return keys


class Keys(Case):
    def test_the_portal_writes_what_its_role_permits_and_nothing_else(self):
        shop.request("POST", f"{self.stripe.url}/_sandbox/billing_portal/save_settings", b"")
        portal = self.start("portal", FAREBOX_RETURN_ORIGINS="https://shop.example")
        body = json.dumps({"returnUrl": "https://shop.example/account"}).encode()

        answer = shop.request("POST", portal.url, body, self.headers())

        self.assertEqual(answer.status, 200, answer.text)
        self.assert_put_what_is_permitted("PortalRole")

    def test_a_look_at_a_customer_writes_what_its_role_permits_and_nothing_else(self):
        customer = self.start("customer")

        answer = shop.request("GET", customer.url, headers=self.headers())

        self.assertEqual(answer.status, 200, answer.text)
        self.assert_put_what_is_permitted("CustomerRole")

    def headers(self) -> dict[str, str]:
        claims = {
            "aud": "farebox",
            "sub": "ada",
            "exp": int(time.time()) + 300,
            "roles": ["customer"],
        }
        return {
            "Authorization": f"Bearer {shop.signed(claims)}",
            "Content-Type": "application/json",
        }

    def assert_put_what_is_permitted(self, role: str):
        permitted = keys_permitted(role)
        for key in self.to_aws.put:
            self.assertTrue(any(fnmatch.fnmatchcase(key, pattern) for pattern in permitted), key)
        for pattern in permitted:
            self.assertTrue(
                fnmatch.filter(self.to_aws.put, pattern), f"nothing was put under {pattern}"
            )
