"""The role for Vercel has the permissions of the functions' roles on AWS."""

import json
import unittest
from typing import Any

from e2e.aws import template
from e2e.vercel.account import filled

#: The stream triggers `notify` only on AWS; Vercel stores the logs.
OF_LAMBDA = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}


def actions(block: Any) -> set[str]:
    """The allowed table actions in a part of a policy or a template."""
    if isinstance(block, list):
        return set().union(*map(actions, block))
    if not isinstance(block, dict):
        return set()
    own = block.get("Action", []) if block.get("Effect") == "Allow" else []
    named = {own} if isinstance(own, str) else set(own)
    found = {action for action in named if action.startswith("dynamodb:")}
    return found | actions(list(block.values()))


class RoleTest(unittest.TestCase):
    """`deploy/vercel/permissions.json`."""

    def test_one_role_may_do_with_the_database_what_all_functions_may_and_no_more(self):
        of_functions = actions(template.read()["Resources"])
        self.assertIn("dynamodb:Query", of_functions)
        self.assertEqual(actions(json.loads(filled("permissions.json"))), of_functions - OF_LAMBDA)


if __name__ == "__main__":
    unittest.main()
