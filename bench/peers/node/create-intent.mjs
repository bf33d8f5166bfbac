// A payment intent as in guides for Next.js, with the order stored in DynamoDB.
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import Stripe from "stripe";
import { keys } from "./keys.mjs";
import { serve } from "./runtime.mjs";
import { dynamodb, table } from "./table.mjs";

const { STRIPE_SECRET_KEY } = await keys();
const { protocol, hostname, port } = new URL(process.env.STRIPE_API_BASE);
const stripe = new Stripe(STRIPE_SECRET_KEY, {
  protocol: protocol.slice(0, -1),
  host: hostname,
  port,
});

const create = async (_headers, body) => {
  const { orderId } = JSON.parse(body);
  const intent = await stripe.paymentIntents.create(
    { amount: 1999, currency: "eur", metadata: { order: orderId } },
    { idempotencyKey: orderId },
  );
  const item = { pk: { S: `order#${orderId}` }, intent: { S: intent.id } };
  await dynamodb.send(new PutItemCommand({ TableName: table, Item: item }));
  return [200, { clientSecret: intent.client_secret }];
};

await serve(create);
