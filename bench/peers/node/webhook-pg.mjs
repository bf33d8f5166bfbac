// Stripe's webhook over Postgres, in the tables of ours and with the same work: it reads the order;
// then one transaction claims the event, changes the order, and inserts the notification.
import pg from "pg";
import { statusOf, verified } from "./event.mjs";
import { serve } from "./runtime.mjs";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 });

const READ = `SELECT orders.id, version, body
  FROM farebox.intents JOIN farebox.orders ON orders.id = intents.order_id
  WHERE intents.id = $1`;
const CLAIM = `INSERT INTO farebox.events (id, type, outcome, received_at)
  VALUES ($1, $2, 'applied', $3) ON CONFLICT (id) DO NOTHING`;
const CHANGE = `UPDATE farebox.orders
  SET version = version + 1, status = $3, body = $4, updated_at = $5
  WHERE id = $1 AND version = $2`;
const NOTIFY = `INSERT INTO farebox.outbox (id, type, body, order_id, created_at, due_at)
  VALUES ($1, $2, $3, $4, $5, $5)`;

/** Processes the event in a transaction of `client`. */
const apply = async (client, event, status) => {
  const intent = event.data.object;
  const { rows } = await client.query(READ, [intent.id]);
  const order = rows[0];
  if (!order) throw new Error("no order has this intent");
  const now = Math.floor(Date.now() / 1000);
  await client.query("BEGIN");
  const claim = await client.query(CLAIM, [event.id, event.type, now]);
  if (claim.rowCount === 0) {
    await client.query("ROLLBACK");
    return;
  }
  const body = JSON.parse(order.body);
  body.status = status;
  body.payment = { id: intent.id, status: intent.status, received: intent.amount_received };
  const text = JSON.stringify(body);
  const changed = await client.query(CHANGE, [order.id, order.version, status, text, now]);
  if (changed.rowCount !== 1) throw new Error("the order was changed meanwhile");
  const message = { type: `order.${status}`, orderId: order.id, amount: intent.amount_received };
  await client.query(NOTIFY, [
    `msg_${event.id}`, message.type, JSON.stringify(message), order.id, now,
  ]);
  await client.query("COMMIT");
};

const receive = async (headers, body) => {
  const event = verified(headers, body);
  if (!event) return [400, { error: "bad signature" }];
  const status = statusOf(event);
  if (status) {
    const client = await pool.connect();
    try {
      await apply(client, event, status);
    } catch (error) {
      await client.query("ROLLBACK");
      throw error;
    } finally {
      client.release();
    }
  }
  return [200, { received: true }];
};

await serve(receive);
