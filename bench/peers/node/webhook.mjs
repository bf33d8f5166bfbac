// Stripe's webhook as in guides for Next.js, with the event's id claimed in DynamoDB.
import { ConditionalCheckFailedException, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { statusOf, verified } from "./event.mjs";
import { serve } from "./runtime.mjs";
import { dynamodb, table } from "./table.mjs";

const receive = async (headers, body) => {
  const event = verified(headers, body);
  if (!event) return [400, { error: "bad signature" }];
  const status = statusOf(event);
  if (status) {
    const item = {
      pk: { S: `event#${event.id}` },
      status: { S: status },
      intent: { S: event.data.object.id },
    };
    try {
      await dynamodb.send(
        new PutItemCommand({
          TableName: table,
          Item: item,
          ConditionExpression: "attribute_not_exists(pk)",
        }),
      );
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }
  return [200, { received: true }];
};

await serve(receive);
