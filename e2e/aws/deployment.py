"""The whole stack, deployed by `sam deploy` to a stand-in for AWS.

This module leaves out or replaces what the stand-in lacks: it creates no routes from the API's
definition, and has no CodeDeploy, which the template uses only for canaries.
"""

import json
import os
import signal
from pathlib import Path
from typing import Any

from e2e.aws import template
from testing.harness import shop
from e2e.aws.build import built
from testing.harness.program import TOOLS, environment, run
from testing.harness.shop import Answer
from testing.harness.stand_in import StandIn
from testing.harness.workspace import REGION

STACK = "farebox"
ACCOUNT = "000000000000"


class Deployment:
    """A deployed stack: its API, table, bus, queue and processes."""

    def __init__(
        self,
        aws: StandIn,
        folder: Path,
        keys: dict[str, str],
        code: Path | None = None,
        **variables: str,
    ):
        """Deploys the stack; `keys` go into the secret, `variables` into the environment of every
        function. `code` is the folder of the template and its functions, by default as built."""
        self._aws = aws
        secret = aws.client("secretsmanager").create_secret(
            Name=STACK, SecretString=json.dumps(keys)
        )
        self.secret: str = secret["ARN"]
        self.template = template.read()
        self._deploy(folder, code or built(), variables)
        self.resources = self._read_resources()
        self.api_url = self._make_routes()
        self.table = self.resource("Database")
        self.dead_letter_queue = self.resource("DeadLetters")
        self.event_bus = self.resource("EventBus")
        self._permit_finding_the_bus()

    def _deploy(self, folder: Path, code: Path, variables: dict[str, str]) -> None:
        changed = template.parse((code / "template.yaml").read_text())
        template.common_environment(changed).update(variables)
        for function, block in template.functions(changed).items():
            block["CodeUri"] = str(code / block["CodeUri"])
            own = template.own_environment(changed, function)
            for name in variables:
                own.pop(name, None)  # a function's own variable takes precedence
        source = folder / "template.yaml"
        template.write(changed, source)
        command = [
            TOOLS / "sam",
            "deploy",
            "--template-file",
            source,
            "--stack-name",
            STACK,
            "--resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
            "--region",
            REGION,
            "--no-confirm-changeset",
            "--no-progressbar",
            "--parameter-overrides",
            f"SecretArn={self.secret}",
        ]
        run(command, environment(**self._aws.variables), folder, seconds=180)

    def _permit_finding_the_bus(self) -> None:
        """In DescribeEventBus, the stand-in reads the name as a rule's; AWS reads it as a bus's."""
        resource = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/default/{self.event_bus}"
        statement = {"Effect": "Allow", "Action": "events:DescribeEventBus", "Resource": resource}
        self._aws.client("iam").put_role_policy(
            RoleName=self.resource("NotifyRole"),
            PolicyName="find-the-bus",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )

    def _read_resources(self) -> dict[str, str]:
        pages = self._aws.client("cloudformation").get_paginator("list_stack_resources")
        return {
            found["LogicalResourceId"]: found["PhysicalResourceId"]
            for page in pages.paginate(StackName=STACK)
            for found in page["StackResourceSummaries"]
        }

    def resource(self, logical_id: str) -> str:
        """The name or URL of a resource of the template."""
        return self.resources[logical_id]

    def _make_routes(self) -> str:
        gateway, api = self._aws.client("apigatewayv2"), self.resource("Api")
        for method, path, name in template.routes(self.template):
            integration = gateway.create_integration(
                ApiId=api,
                IntegrationType="AWS_PROXY",
                PayloadFormatVersion="2.0",
                IntegrationUri=self.function_arn(name),
            )
            target = f"integrations/{integration['IntegrationId']}"
            gateway.create_route(ApiId=api, RouteKey=f"{method} {path}", Target=target)
        return f"{self._aws.url}/_aws/execute-api/{api}/$default"

    def function_arn(self, name: str) -> str:
        """The ARN of the alias that the API calls."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.resource(name)}:live"

    def invoke(self, name: str, event: Any) -> Any:
        """Invokes a function by its logical id, without the API."""
        client = self._aws.client("lambda")
        answer = client.invoke(FunctionName=self.function_arn(name), Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] = {}
    ) -> Answer:
        """Sends a request to the API; a body is sent as JSON, bytes unchanged."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Content-Type": "application/json"} | headers
        return shop.request(method, self.api_url + path, data, sent)

    def request_as(
        self, caller: str, method: str, path: str, body: Any = None, key: str = ""
    ) -> Answer:
        """Sends a request from a caller with a token; `key` is the idempotency key."""
        headers = {"Authorization": f"Bearer {shop.token(caller)}"}
        return self.request(method, path, body, headers | ({"Idempotency-Key": key} if key else {}))

    def deliver(self, event: bytes, secret: str = shop.WEBHOOK_SECRET) -> Answer:
        """Delivers an event as Stripe does, with a fresh signature."""
        signature = {"Stripe-Signature": shop.signature(event, secret)}
        return self.request("POST", "/api/webhooks/stripe", event, signature)

    def item(self, key: str) -> dict[str, Any] | None:
        """An item of the table."""
        found = self._aws.client("dynamodb").get_item(
            TableName=self.table, Key={"pk": {"S": key}}, ConsistentRead=True
        )
        return found.get("Item")

    def listen(self) -> None:
        """Records events on the bus from now on, for `told`."""
        sqs, events = self._aws.client("sqs"), self._aws.client("events")
        self._told = sqs.create_queue(QueueName=f"{STACK}-told")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self._told, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]
        principal = {"Service": "events.amazonaws.com"}
        statement = {
            "Effect": "Allow",
            "Principal": principal,
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self._told, Attributes={"Policy": policy})
        everything = json.dumps({"account": [ACCOUNT]})
        events.put_rule(Name="told", EventBusName=self.event_bus, EventPattern=everything)
        events.put_targets(
            Rule="told", EventBusName=self.event_bus, Targets=[{"Id": "told", "Arn": arn}]
        )

    def told(self) -> list[dict[str, Any]]:
        """The events on the bus since the last call, at most ten."""
        return [json.loads(message["Body"]) for message in self._take(self._told)]

    def dead_letters(self) -> list[dict[str, Any]]:
        """The messages in the dead-letter queue since the last call, at most ten."""
        return [json.loads(message["Body"]) for message in self._take(self.dead_letter_queue)]

    def _take(self, queue: str) -> list[dict[str, Any]]:
        sqs = self._aws.client("sqs")
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def log_lines(self, log: str) -> list[dict[str, Any]]:
        """A function's log, by the logical id of its log group."""
        pages = self._aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=self.resource(log))
        lines = [event["message"] for page in found for event in page["events"]]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def may(self, function: str, action: str, resource: str) -> bool:
        """Returns true when a function's role permits an action on a resource."""
        role = self.resource(function.replace("Function", "Role"))
        simulated = self._aws.client("iam").simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/{role}",
            ActionNames=[action],
            ResourceArns=[resource],
        )
        [result] = simulated["EvaluationResults"]
        return result["EvalDecision"] == "allowed"

    def processes(self, name: str) -> list[int]:
        """The running processes of a function, by its logical id."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int(entry.joinpath("stat").read_text().rsplit(")", 1)[1].split()[1])
                variables = entry.joinpath("environ").read_bytes().split(b"\0")
            except OSError:
                continue  # it ended while we looked
            named = f"AWS_LAMBDA_FUNCTION_NAME={self.resource(name)}".encode()
            if parent == self._aws.process_id and named in variables:
                found.append(int(entry.name))
        return found

    def kill(self, process: int) -> None:
        """Kills one process of a function, as a crash would."""
        os.kill(process, signal.SIGKILL)
