// Stripe's webhook as in guides for Next.js, with the event's id claimed in DynamoDB.
import { ConditionalCheckFailedException, PutItemCommand } from "@aws-sdk/client-dynamodb";
import Stripe from "stripe";
import { dynamodb, keys, table } from "./aws.mjs";
import { serve } from "./runtime.mjs";

const { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET } = await keys();
const stripe = new Stripe(STRIPE_SECRET_KEY);

/** The order's new status by event type; undefined for other types. */
const statusOf = (event) => {
  switch (event.type) {
    case "payment_intent.succeeded": return "paid";
    case "payment_intent.payment_failed": return "failed";
    case "payment_intent.canceled": return "canceled";
    case "charge.refunded": return "refunded";
    default: return undefined;
  }
};

const receive = async (headers, body) => {
  let event;
  try {
    event = stripe.webhooks.constructEvent(
      body,
      headers["stripe-signature"],
      STRIPE_WEBHOOK_SECRET,
    );
  } catch {
    return [400, { error: "bad signature" }];
  }
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
