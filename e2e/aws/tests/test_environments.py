"""template.yaml gives each function exactly the variables that it reads, and no key."""

import json
import re
import unittest
from typing import Any

from e2e.aws import settings, template
from e2e.aws.tests.test_docs import tables
from testing.harness.workspace import WORKSPACE

READ = template.read()

#: Left at their defaults by the template: the roles and the options of Checkout Sessions come with
#: the functions, the cache times suit all shops, only Vercel authenticates its schedule, no proxy
#: connects to a function, and `reconcile` runs every five minutes.
LEFT = {
    "CRON_SECRET",
    "FAREBOX_CHECKOUT",
    "FAREBOX_PRICE_TTL",
    "FAREBOX_RECONCILE_LATE",
    "FAREBOX_ROLES",
    "FAREBOX_SECRET_TTL",
    "FAREBOX_TRUSTED_PROXIES",
}

#: Different by function: the deadline of Stripe, and the secret.
OF_ITS_OWN = {"FAREBOX_STRIPE_DEADLINE", "FAREBOX_SECRET_ID"}

NO_VALUE = {"Ref": "AWS::NoValue"}


#: The common settings of all functions.
COMMON = template.common_environment(READ)


def gives(folder: str) -> dict[str, Any]:
    """The variables of a function in the template."""
    return template.environment(READ, template.logical_id(folder))


class Environments(unittest.TestCase):
    def test_every_function_is_given_each_variable_that_it_reads(self):
        for folder in template.folders():
            with self.subTest(folder):
                read = settings.of_function(folder) - LEFT
                if settings.delivers_on_vercel_alone(folder):
                    read -= settings.DELIVERS
                self.assertLessEqual(read, set(gives(folder)))

    def test_a_function_reads_each_variable_of_its_own_block(self):
        for folder in template.folders():
            with self.subTest(folder):
                own = set(template.own_environment(READ, template.logical_id(folder)))
                self.assertLessEqual(own, settings.of_function(folder))

    def test_no_key_is_among_the_settings_of_all_functions_and_several_functions_read_each(self):
        for name in COMMON:
            self.assertNotIn(name, settings.KEYS)
            readers = [
                folder for folder in template.folders() if name in settings.of_function(folder)
            ]
            self.assertGreater(len(readers), 1, name)

    def test_a_parameters_default_is_that_of_its_setting(self):
        example = dict(
            re.findall(r"^#(\w+)=(.*)$", (WORKSPACE / ".env.example").read_text(), re.MULTILINE)
        )
        for name, value in COMMON.items():
            default = (
                READ["Parameters"]
                .get(value.get("Ref") if isinstance(value, dict) else None, {})
                .get("Default")
            )
            if default is not None:
                self.assertEqual(default, example[name], name)

    def test_the_page_of_settings_says_which_function_reads_which(self):
        page = (template.WORKSPACE / "docs" / "configuration.md").read_text()
        rows = [row for table in tables(page, "variable") for row in table]
        for name, _, readers, _ in rows:
            read = {
                folder
                for folder in template.folders()
                if name.strip("`") in settings.of_function(folder)
            }
            # AWS's variables, the port and the log belong to the process: no function's source
            # names them.
            if read or readers != "all":
                expected = template.folders() if readers == "all" else set(readers.split(", "))
                self.assertEqual(read, expected, name)

    def test_a_variable_is_the_same_for_all_functions(self):
        for name in {name for folder in template.folders() for name in gives(folder)} - OF_ITS_OWN:
            values = {
                json.dumps(gives(folder)[name])
                for folder in template.folders()
                if name in gives(folder)
            }
            self.assertEqual(len(values), 1, name)

    def test_a_variable_is_set_where_its_own_parameter_is_given(self):
        for folder in template.folders():
            for name, value in gives(folder).items():
                match value:
                    case {"Fn::If": [condition, {"Ref": parameter}, otherwise]} if (
                        otherwise == NO_VALUE
                    ):
                        tested = template.references(READ["Conditions"][condition])
                        self.assertIn(
                            parameter, tested | {"SecretArn", "JwtIssuer", "JwtAudience"}, name
                        )
                        self.assert_named_like(parameter, name)
                    case {"Ref": parameter} if value != NO_VALUE:
                        self.assert_named_like(parameter, name)

    def assert_named_like(self, parameter: str, name: str):
        """Asserts that `MaxAmount` sets `FAREBOX_MAX_AMOUNT`."""
        if parameter != "SecretArn":
            words = name.removeprefix("FAREBOX_").split("_")
            self.assertEqual(parameter, "".join(word.capitalize() for word in words))

    def test_a_key_has_no_value_on_aws(self):
        for folder in template.folders():
            for name in settings.KEYS & set(gives(folder)):
                self.assertEqual(gives(folder)[name], NO_VALUE, f"{folder}: {name}")

    def test_everything_of_a_function_has_its_name(self):
        for folder in template.folders():
            stem = template.logical_id(folder).removesuffix("Function")
            block = template.functions(READ)[f"{stem}Function"]
            with self.subTest(folder):
                self.assertEqual(block["Role"], {"Fn::GetAtt": [f"{stem}Role", "Arn"]})
                self.assertEqual(block["LoggingConfig"]["LogGroup"], {"Ref": f"{stem}Log"})
                [policy] = READ["Resources"][f"{stem}Role"]["Properties"]["Policies"]
                self.assertEqual(policy["PolicyName"], folder)
                logs = policy["PolicyDocument"]["Statement"][0]["Resource"]
                self.assertEqual(logs, {"Fn::GetAtt": [f"{stem}Log", "Arn"]})
                group = READ["Resources"][f"{stem}Log"]["Properties"]["LogGroupName"]
                self.assertEqual(group, {"Fn::Sub": f"/farebox/${{AWS::StackName}}/{folder}"})

    def test_functions_that_start_payments_have_the_same_concurrency_kept(self):
        kept = [
            template.functions(READ)[name]["ReservedConcurrentExecutions"]
            for name in ["CreateIntentFunction", "CreateCheckoutFunction"]
        ]
        self.assertEqual(kept[0], kept[1])
