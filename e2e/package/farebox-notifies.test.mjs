// Farebox itself notifies a site: an order is paid in the sandbox, and its handler runs once, in
// the transaction of the site's own database. The route is that of the Pages Router.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createFarebox } from "farebox/next";
import { pgStore } from "farebox/stores/pg";
import pg from "pg";
import { start } from "../clients/program.mjs";
import { database } from "./notifications/world.mjs";

/** Resolves at the first call of `done`. */
function signal() {
  let done;
  const reached = new Promise((resolve) => (done = resolve));
  return { reached, done };
}

/** Pays as Stripe.js does. */
async function confirm(sandbox, clientSecret, key) {
  const [intent] = clientSecret.split("_secret_");
  const fields = { client_secret: clientSecret, payment_method: "pm_card_visa" };
  const response = await fetch(`${sandbox}/v1/payment_intents/${intent}/confirm`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: new URLSearchParams({ ...fields, return_url: "http://127.0.0.1/return" }),
  });
  assert.equal(response.status, 200, await response.text());
}

test("an order that is paid is a row of the site, once", { timeout: 60_000 }, async (t) => {
  const db = await database(t, "pg");
  const pool = new pg.Pool({ connectionString: db.url });
  t.after(() => pool.end());
  const target = await mkdtemp(join(tmpdir(), "farebox-"));
  t.after(() => rm(target, { recursive: true, force: true }));
  process.env.FAREBOX_DEV_DIR = join(target, "dev");

  const failed = signal();
  const handled = signal();
  const farebox = createFarebox({ caller: () => ({ id: "ada" }), store: pgStore(pool) });
  let runs = 0;
  const receive = farebox.pages.notifications({
    "order.paid": async (order, tx, message) => {
      runs += 1;
      const row = [message.id, order.orderId, message.type, order.version, message.isLate];
      await tx.query("insert into handled values (default, $1, $2, $3, $4, $5)", row);
      if (runs === 1) throw new Error("the first attempt fails");
    },
  });
  const server = createServer(async (request, response) => {
    await receive(request, response);
    if (runs === 1 && response.statusCode === 500) failed.done();
    if (runs === 2 && response.statusCode === 204) handled.done();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());

  const words = ["--headless", "--port", "0", "--sandbox-port", "0"];
  const patterns = { shop: /shop +(http\S+)/, sandbox: /sandbox +(http\S+)/ };
  const { sandbox } = await start(t, "farebox", words, patterns, {
    CARGO_TARGET_DIR: target,
    FAREBOX_NOTIFY_URL: `http://127.0.0.1:${server.address().port}/api/farebox`,
  });
  const client = farebox.client();
  const started = await client.POST("/api/create-intent", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: { items: [{ price: "mug", quantity: 2 }] },
  });
  const { orderId, clientSecret, publishableKey } = started.data;
  await confirm(sandbox, clientSecret, publishableKey);
  await failed.reached;
  assert.deepEqual(await db.handled(), []);
  await handled.reached;
  const rows = await db.handled();
  assert.deepEqual(
    rows.map((row) => [row.order_id, row.type, row.is_late]),
    [[orderId, "order.paid", false]],
  );
  assert.equal(runs, 2);
});
