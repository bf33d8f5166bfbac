"""An AWS account for a deployment on Vercel, on a stand-in, made from the files in
`deploy/vercel`."""

import base64
import json
from pathlib import Path
from typing import Any

from e2e.aws.deployment import ACCOUNT
from testing.harness.stand_in import StandIn
from testing.harness.workspace import REGION, WORKSPACE

TEAM, PROJECT, NAME = "acme", "farebox", "farebox"
#: The values of the placeholders; docs/deploy-vercel-aws.md uses the same names.
VALUES = {
    "ACCOUNT": ACCOUNT,
    "REGION": REGION,
    "TEAM": TEAM,
    "PROJECT": PROJECT,
    "TABLE": NAME,
    "SECRET": NAME,
    "BUS": NAME,
}


def filled(name: str) -> str:
    """A file of `deploy/vercel` with its placeholders replaced."""
    text = (WORKSPACE / "deploy" / "vercel" / name).read_text()
    for place, value in VALUES.items():
        text = text.replace(place, value)
    return text


def token(project: str = PROJECT) -> str:
    """An OIDC token like Vercel's. The stand-in reads it, and does not verify its signature."""
    claims = {
        "iss": f"https://oidc.vercel.com/{TEAM}",
        "aud": f"https://vercel.com/{TEAM}",
        "sub": f"owner:{TEAM}:project:{project}:environment:production",
        "exp": 4102444800,
    }
    parts = [
        json.dumps({"alg": "RS256", "kid": "k"}),
        json.dumps(claims),
        "a signature of Vercel's",
    ]
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


class Account:
    """An account that enforces roles."""

    def __init__(self, folder: Path, keys: dict[str, str]):
        self.aws = StandIn(folder)
        iam = self.aws.client("iam")
        role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=filled("trust-policy.json"))
        self.role: str = role["Role"]["Arn"]
        iam.put_role_policy(
            RoleName=NAME, PolicyName=NAME, PolicyDocument=filled("permissions.json")
        )
        # In DescribeEventBus, the stand-in reads the name as a rule's; AWS reads it as a bus's.
        rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/default/{NAME}"
        statement = {"Effect": "Allow", "Action": "events:DescribeEventBus", "Resource": rule}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=NAME, PolicyName="find-the-bus", PolicyDocument=policy)
        self.aws.client("secretsmanager").create_secret(Name=NAME, SecretString=json.dumps(keys))
        self._tables = self.aws.client("dynamodb")
        self._tables.create_table(TableName=NAME, **json.loads(filled("table.json")))
        self._listen()

    def _listen(self) -> None:
        """Creates the bus, and records its events."""
        self._queues, events = self.aws.client("sqs"), self.aws.client("events")
        events.create_event_bus(Name=NAME)
        self._queue = self._queues.create_queue(QueueName=NAME)["QueueUrl"]
        found = self._queues.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._queues.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        pattern = json.dumps({"account": [ACCOUNT]})
        events.put_rule(Name="told", EventBusName=NAME, EventPattern=pattern)
        events.put_targets(Rule="told", EventBusName=NAME, Targets=[{"Id": "told", "Arn": arn}])

    def told(self) -> list[dict[str, Any]]:
        """The events on the bus since the last call."""
        told = []
        while messages := self._queues.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                self._queues.delete_message(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
                )
                told.append(json.loads(message["Body"])["detail"])
        return told

    def items(self, prefix: str) -> list[dict[str, Any]]:
        """The items of the table with this key prefix."""
        pages = self._tables.get_paginator("scan").paginate(TableName=NAME, ConsistentRead=True)
        found = [item for page in pages for item in page["Items"]]
        return [item for item in found if item["pk"]["S"].startswith(prefix)]

    def settings(self) -> dict[str, str]:
        """The variables of a deployment with this account."""
        return {
            "AWS_REGION": REGION,
            "AWS_ROLE_ARN": self.role,
            "AWS_ENDPOINT_URL": self.aws.url,
            "DATABASE_URL": f"dynamodb:{NAME}",
        }

    def stop(self) -> None:
        """Stops the account."""
        self.aws.stop()
