// A plain app of Next.js becomes a shop by `npx farebox init`: nothing of it is edited.
//
//   scripts/postgres node --test e2e/package/minimal.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { createApp, intents } from "./minimal/app.mjs";
import { CARDS, launch, visit } from "./shop.mjs";

/** A module that exports the pool, as many shops have it. */
const POOL = `import { Pool } from "pg";

export const pool = new Pool({ connectionString: process.env.DATABASE_URL });
`;

/** The connection of `next dev` for new code, which fails when the site stops first. */
const HMR = "/_next/hmr";

/** Long, because `next dev` compiles each page and route when it is first asked for. */
const PATIENCE_MS = 120_000;

/** An empty database, and its URL. */
async function database(t) {
  const server = process.env.FAREBOX_TEST_POSTGRES;
  assert.ok(server, "run it by scripts/postgres");
  const name = `app_${crypto.randomUUID().slice(0, 8)}`;
  const admin = new pg.Client({ connectionString: `${server}/postgres` });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const client = new pg.Client({ connectionString: `${server}/${name}` });
  await client.connect();
  t.after(() => client.end());
  return { url: `${server}/${name}`, client };
}

/** A browser in the shop; its pages log nothing but what is `expected`. */
async function visitor(t, shop, ...expected) {
  const browser = await launch();
  t.after(() => browser.close());
  const visitor = await visit(t, { browser, shop }, { expected });
  visitor.page.context().setDefaultTimeout(PATIENCE_MS);
  return visitor;
}

/** Waits for the page to which the payer returns; returns the order's id. */
async function returned(visitor) {
  await visitor.page.getByRole("status").filter({ hasText: "Your order is paid" }).waitFor();
  assert.equal(new URL(visitor.page.url()).pathname, "/thanks");
  return visitor.orderId();
}

test("the built app takes payments, and its database has each order once", async (t) => {
  const { url, client } = await database(t);
  const files = { "lib/db.ts": POOL };
  const app = await createApp(t, { files, dependencies: { pg: "8" } });
  app.farebox(["init", "--yes"]);
  await client.query(app.farebox(["tables"]));
  app.build();
  const site = await app.next("start", { NODE_ENV: "production", DATABASE_URL: url });
  const { sandbox } = await app.dev(site.shop);
  const payer = await visitor(t, site.shop);

  await payer.checkOut();
  await payer.pay(CARDS.declined);
  await payer.page.getByRole("alert").filter({ hasText: "Nothing was charged" }).waitFor();
  await payer.pay();
  const first = await returned(payer);

  await payer.checkOut();
  await payer.pay(CARDS.asked);
  await payer.button("Complete authentication").click();
  const second = await returned(payer);

  for (const order of [first, second]) await site.line(new RegExp(`Order (${order}) is paid`));
  const noted = "select type, count(*)::int from farebox_messages where type = 'order.paid'";
  const { rows } = await client.query(`${noted} group by type`);
  assert.deepEqual(rows, [{ type: "order.paid", count: 2 }]);
  const paid = (await intents(sandbox)).filter(({ status }) => status === "succeeded");
  const orders = paid.map(({ metadata }) => metadata.farebox_order);
  assert.deepEqual(orders.sort(), [first, second].sort());

  const report = app.farebox(["doctor", "--site", site.shop]);
  assert.doesNotMatch(report, /^problem/m);
  assert.match(report, /^ok +FAREBOX_NOTIFY_SECRET: the site has the same secret/m);
});

test("in development two effects at once are one guest, who pays without a database", async (t) => {
  const app = await createApp(t);
  app.farebox(["init", "--yes"]);
  const site = await app.next("dev", { NODE_ENV: "development" });
  const { sandbox } = await app.dev(site.shop);
  const payer = await visitor(t, site.shop, HMR);

  await payer.checkOut();
  assert.equal((await intents(sandbox)).length, 1);
  const cookies = await payer.page.context().cookies();
  const [guest, ...more] = cookies.filter(({ name }) => name === "farebox_guest");
  assert.deepEqual([guest.httpOnly, guest.sameSite, more], [true, "Lax", []]);
  await payer.pay();
  const order = await returned(payer);

  await site.line(new RegExp(`Order (${order}) is paid`));
  assert.equal((await intents(sandbox)).length, 1);
});

test("without a running `farebox dev` the checkout says which command to run", async (t) => {
  const app = await createApp(t);
  app.farebox(["init", "--yes"]);
  const site = await app.next("dev", { NODE_ENV: "development" });
  const payer = await visitor(t, site.shop, HMR, "503 (Service Unavailable)");
  const answered = payer.page.waitForResponse(/\/api\/payments\/create-intent$/);
  await payer.page.goto("/checkout");
  const { error } = await (await answered).json();
  assert.equal(error.code, "not_configured");
  assert.match(error.message, /npx farebox dev/);
  await payer.page.locator(".farebox-notice").waitFor();
});
