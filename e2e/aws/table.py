"""A table of `template.yaml`, without the rest of the stack."""

from typing import Any

from e2e.aws import template
from testing.harness.stand_in import StandIn

Item = dict[str, Any]


class Table:
    """A table of the stand-in."""

    def __init__(self, aws: StandIn, name: str):
        self._client = aws.client("dynamodb")
        self.name = name
        self.create()

    def create(self) -> None:
        """Creates the empty table."""
        asked = dict(template.read()["Resources"]["Database"]["Properties"])
        time_to_live = asked.pop("TimeToLiveSpecification")
        asked.pop("PointInTimeRecoverySpecification")
        asked.pop("DeletionProtectionEnabled")
        encryption = {"Enabled": asked.pop("SSESpecification")["SSEEnabled"]}
        stream = asked.pop("StreamSpecification") | {"StreamEnabled": True}
        self._client.create_table(
            TableName=self.name, StreamSpecification=stream, SSESpecification=encryption, **asked
        )
        self._client.get_waiter("table_exists").wait(TableName=self.name)
        self._client.update_time_to_live(TableName=self.name, TimeToLiveSpecification=time_to_live)

    def delete(self) -> None:
        """Deletes the table."""
        self._client.delete_table(TableName=self.name)
        self._client.get_waiter("table_not_exists").wait(TableName=self.name)

    def items(self, prefix: str) -> list[Item]:
        """All items with this key prefix."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self.name, ConsistentRead=True
        )
        found = [item for page in pages for item in page["Items"]]
        return [item for item in found if item["pk"]["S"].startswith(prefix)]

    def put(self, items: list[Item]) -> None:
        """Puts whole items, as after a restore of the table."""
        for item in items:
            self._client.put_item(TableName=self.name, Item=item)

    def change(self, key: str, **values: Any) -> None:
        """Sets attributes of an item, in DynamoDB's format: `queue={"S": "due"}`."""
        self._client.update_item(
            TableName=self.name,
            Key={"pk": {"S": key}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            ConditionExpression="attribute_exists(pk)",
        )
