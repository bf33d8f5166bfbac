"""Rules for template.yaml."""

import json
import re
import shlex
import subprocess
import tomllib
import unittest

from e2e.aws import log_filter, metrics, settings, template
from e2e.aws.commands import LOCAL, block
from testing.harness.program import TOOLS, environment
from e2e.aws.template import of_type
from testing.harness.workspace import REGION, WORKSPACE

READ = template.read()
ROLES = of_type(READ, "AWS::IAM::Role")


def statements(role: dict) -> list[dict]:
    """The statements of a role, with both branches of a condition."""
    found = []
    for policy in role["Properties"]["Policies"]:
        for entry in policy["PolicyDocument"]["Statement"]:
            sides = entry["Fn::If"][1:] if "Fn::If" in entry else [entry]
            found += [side for side in sides if "Action" in side]
    return found


def actions(role: dict) -> list[str]:
    """The actions of a role."""
    named = [statement["Action"] for statement in statements(role)]
    return [action for one in named for action in ([one] if isinstance(one, str) else one)]


def filters() -> list[tuple[str, str]]:
    """The log group and the pattern of every metric filter, with its parameter filled in."""
    found = []
    for block in of_type(READ, "AWS::Logs::MetricFilter").values():
        pattern = block["Properties"]["FilterPattern"]
        text = pattern if isinstance(pattern, str) else pattern["Fn::Sub"]
        log = block["Properties"]["LogGroupName"]["Ref"]
        found.append((log, re.sub(r"\$\{\w+\}", "1", text)))
    return found


class Template(unittest.TestCase):
    def test_sam_and_cfn_lint_find_nothing(self):
        for command in [
            ["sam", "validate", "--lint", "--region", REGION],
            [
                "cfn-lint",
                "--non-zero-exit-code",
                "informational",
                "--regions",
                REGION,
                "--",
                "template.yaml",
            ],
        ]:
            with self.subTest(command[0]):
                ran = subprocess.run(
                    [TOOLS / command[0], *command[1:]],
                    cwd=WORKSPACE,
                    env=environment(),
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=False,
                )
                self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_every_function_is_in_the_template_under_its_name(self):
        for folder in template.folders():
            block = template.functions(READ).get(template.logical_id(folder))
            self.assertIsNotNone(block, folder)
            self.assertEqual(template.folder_of(block), folder)

    def test_every_function_has_an_event_to_try_it_with(self):
        events = {path.stem for path in (WORKSPACE / "events").glob("*.json")}
        blocks = template.functions(READ).values()
        self.assertEqual(events, {template.folder_of(block) for block in blocks})

    def test_the_guide_shows_how_the_event_of_a_function_is_sent(self):
        lines = block(LOCAL, "alias invoke=").splitlines()
        ids = {name: template.logical_id(name) for name in template.folders()}
        commands = {f"invoke {ids[name]} --event events/{name}.json" for name in ids}
        self.assertEqual(len(commands & set(lines)), 1, lines)
        self.assertLessEqual({line for line in lines if line.startswith("invoke ")}, commands)

    def test_what_is_built_for_other_processors_is_deployed_to_them(self):
        # No parameter could change the architecture at deployment.
        self.assertEqual(READ["Globals"]["Function"]["Architectures"], ["arm64"])
        for properties in template.functions(READ).values():
            self.assertNotIn("Architectures", properties)
        [command, _] = block(LOCAL, "sed s/arm64/x86_64/").split(" > ")
        printed = subprocess.run(
            shlex.split(command), cwd=WORKSPACE, capture_output=True, text=True, check=True
        )
        expected = template.read()
        expected["Globals"]["Function"]["Architectures"] = ["x86_64"]
        self.assertEqual(template.parse(printed.stdout), expected)

    def test_canaries_are_deployed_when_they_are_asked_for_alone(self):
        routed = {function for _, _, function in template.routes(READ)}
        for canary, groups in [("false", 0), ("true", len(routed))]:
            resources = template.transformed(READ, Canary=canary)["Resources"].values()
            kinds = [resource["Type"] for resource in resources]
            self.assertEqual(kinds.count("AWS::CodeDeploy::DeploymentGroup"), groups)

    def test_cargo_lambda_watch_serves_the_routes_of_the_template(self):
        manifest = tomllib.loads((WORKSPACE / "Cargo.toml").read_text())
        watched = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"]
        routed = {path: name for _, path, name in template.routes(READ)}
        self.assertEqual(
            {path: template.logical_id(name) for path, name in watched.items()}, routed
        )

    def test_every_function_has_a_role_of_its_own(self):
        roles = [json.dumps(block["Role"]) for block in template.functions(READ).values()]
        self.assertEqual(len(roles), len(set(roles)))
        self.assertEqual(len(roles), len(ROLES))
        for block in template.functions(READ).values():
            self.assertNotIn("Policies", block)

    def test_no_role_may_do_more_than_it_names(self):
        for name, role in ROLES.items():
            self.assertNotIn("ManagedPolicyArns", role["Properties"], name)
            for action in actions(role):
                self.assertNotIn("*", action, name)
                self.assertNotIn("Scan", action, name)
            for statement in statements(role):
                self.assertNotEqual(statement["Resource"], "*", name)
                if "Delete" in json.dumps(statement["Action"]):
                    keys = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
                    kept = ["deadline#*"] if name == "ReconcileRole" else ["outbox#*"]
                    self.assertEqual(keys, kept, name)

    def test_the_return_page_reads_and_refreshes_orders_by_key_alone(self):
        role = ROLES["OrderRole"]
        used = {action for action in actions(role) if action.startswith("dynamodb:")}
        self.assertEqual(used, {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"})
        self.assertNotIn("index/", json.dumps(role))

    def test_a_function_ends_after_its_calls_and_before_the_api(self):
        common = READ["Globals"]["Function"]["Timeout"]
        for name, block in template.functions(READ).items():
            timeout = block.get("Timeout", common)
            if "FAREBOX_STRIPE_DEADLINE" in settings.of_function(template.folder_of(block)):
                deadline = int(template.environment(READ, name)["FAREBOX_STRIPE_DEADLINE"])
                self.assertLess(deadline, timeout, name)
            if name in {route[2] for route in template.routes(READ)}:
                self.assertLess(timeout, 30, name)

    def test_no_secret_is_in_the_configuration_of_a_function(self):
        for name in template.functions(READ):
            for variable, value in template.environment(READ, name).items():
                if re.search("^STRIPE_.*(KEY|SECRET)|_KEY$|_SECRET$", variable):
                    self.assertEqual(value, {"Ref": "AWS::NoValue"}, f"{name}: {variable}")
                self.assertNotIn("resolve:", json.dumps(value))

    def test_every_log_ends_some_day(self):
        groups = of_type(READ, "AWS::Logs::LogGroup")
        for name, group in groups.items():
            self.assertEqual(
                group["Properties"]["RetentionInDays"], {"Ref": "LogRetentionDays"}, name
            )
        for name, block in template.functions(READ).items():
            self.assertIn(block["LoggingConfig"]["LogGroup"]["Ref"], groups, name)

    def test_a_burst_of_events_takes_nothing_from_checkout(self):
        api = READ["Resources"]["Api"]["Properties"]
        [(method, path, _)] = [route for route in template.routes(READ) if "Webhook" in route[2]]
        own = api["RouteSettings"][f"{method} {path}"]
        for setting in ["ThrottlingRateLimit", "ThrottlingBurstLimit"]:
            self.assertNotEqual(own[setting], api["DefaultRouteSettings"][setting])

    def test_the_database_outlives_the_stack_and_can_be_restored(self):
        database = READ["Resources"]["Database"]
        self.assertEqual(
            (database["DeletionPolicy"], database["UpdateReplacePolicy"]), ("Retain", "Retain")
        )
        recovery = database["Properties"]["PointInTimeRecoverySpecification"]
        self.assertTrue(recovery["PointInTimeRecoveryEnabled"])
        self.assertTrue(database["Properties"]["SSESpecification"]["SSEEnabled"])
        self.assertTrue(database["Properties"]["DeletionProtectionEnabled"])

    def test_the_log_of_a_function_that_decides_who_may_call_outlives_the_stack(self):
        for folder in template.folders():
            sources = [
                path.read_text()
                for path in (WORKSPACE / "functions" / folder / "src").glob("**/*.rs")
            ]
            decides = any("Authorized<" in text for text in sources)
            log = READ["Resources"][template.logical_id(folder).replace("Function", "Log")]
            kept = ("RetainExceptOnCreate", "Retain") if decides else ("Delete", "Delete")
            self.assertEqual((log["DeletionPolicy"], log["UpdateReplacePolicy"]), kept, folder)

    def test_each_metric_is_counted_in_the_log_of_every_function_that_logs_it(self):
        counted = {(log, field) for log, text in filters() for field in log_filter.fields_of(text)}
        for folder in template.folders():
            log = template.logical_id(folder).replace("Function", "Log")
            logged = metrics.of_function(folder)
            found = {field for of, field in counted if of == log and field.startswith("metric.")}
            self.assertEqual(found, logged, folder)
        self.assertIn("metric.stale_keys", metrics.of_function("order"))

    def test_every_alarm_says_what_to_do_and_whom_to_tell(self):
        alarms = of_type(READ, "AWS::CloudWatch::Alarm")
        for name, alarm in alarms.items():
            self.assertIn("AlarmDescription", alarm["Properties"], name)
            self.assertIn("AlarmTopicArn", template.references(alarm), name)
        [named] = READ["Globals"]["Function"]["DeploymentPreference"]["Alarms"]
        self.assertIn(named, [alarm["Properties"]["AlarmName"] for alarm in alarms.values()])
