// Runs the two modules of docs/http.md: the server's behind a plain HTTP server, and the browser's
// against it, with the functions and the sandbox of `cargo dev`.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Lifetime, start } from "./program.mjs";

const SITE_KEY = "the-site-key-of-the-clients-0123456789";
const NOTIFY_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

const lifetime = new Lifetime();
const fulfilled = [];
let site, sandbox, page;

before(async () => {
  const { payments, notifications, caller, ...browser } = await modules();
  page = browser;
  const routes = {
    "/api/payments/": (request) => {
      const cookie = (name) =>
        request.headers.get("cookie")?.match(new RegExp(`${name}=(\\w+)`))?.[1];
      const user = cookie("user");
      return payments(request, caller(user && { id: user }, cookie("guest")));
    },
    "/api/notify": (request) =>
      notifications(request, async (id, message) => {
        if (!fulfilled.some((one) => one.id === id)) fulfilled.push({ id, message });
        for (const look of waiting) look();
      }),
  };
  site = await serve(async (request) => {
    const { pathname } = new URL(request.url);
    const route = Object.keys(routes).find((path) => pathname.startsWith(path));
    return route ? routes[route](request) : new Response(null, { status: 404 });
  });
  const started = await start(
    lifetime,
    "farebox",
    ["--headless", "--port", "0", "--sandbox-port", "0"],
    { shop: /shop +(http\S+)/, sandbox: /sandbox +(http\S+)/ },
    {
      FAREBOX_SITE_KEY: SITE_KEY,
      FAREBOX_NOTIFY_URL: `${site}/api/notify`,
      FAREBOX_NOTIFY_SECRET: NOTIFY_SECRET,
      FAREBOX_RETURN_ORIGINS: site,
    },
  );
  sandbox = started.sandbox;
  process.env.FAREBOX_ORIGIN = started.shop;
  process.env.FAREBOX_SITE_KEY = SITE_KEY;
  process.env.FAREBOX_NOTIFY_SECRET = NOTIFY_SECRET;
});
after(() => lifetime.end());

/** The document's modules, where they find what they import. */
async function modules() {
  const document = await readFile(new URL("../../docs/http.md", import.meta.url), "utf8");
  const folder = await mkdtemp(
    join(fileURLToPath(new URL("node_modules", import.meta.url)), ".guide-"),
  );
  lifetime.after(() => rm(folder, { recursive: true }));
  let found = {};
  for (const [, name, code] of document.matchAll(/```js\n\/\/ (\w+\.mjs)\n([^]*?)```/g)) {
    const file = join(folder, name);
    await writeFile(file, code);
    found = { ...found, ...(await import(pathToFileURL(file))) };
  }
  return found;
}

/** Serves `answer`, a function from a Request to a Response; returns the origin. */
async function serve(answer) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, headers, url } = request;
    const body = method === "GET" ? null : Buffer.concat(chunks);
    const asked = new Request(`http://${headers.host}${url}`, { method, headers, body });
    const told = await answer(asked);
    response.writeHead(told.status, Object.fromEntries(told.headers));
    response.end(Buffer.from(await told.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  lifetime.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/** Gives the browser's module a page of the site, in which `guest` is the visitor, or `user`. */
function visit(t, guest, user) {
  const { fetch } = globalThis;
  const left = [];
  globalThis.location = {
    origin: site,
    href: `${site}/cart`,
    assign: (url) => left.push(new URL(url, site).href),
  };
  globalThis.fetch = (url, init = {}) => {
    if (!String(url).startsWith("/")) return fetch(url, init);
    const cookie = `guest=${guest}` + (user ? `; user=${user}` : "");
    const headers = { ...init.headers, cookie, "sec-fetch-site": "same-origin" };
    return fetch(site + url, { ...init, headers });
  };
  t.after(() => {
    globalThis.fetch = fetch;
    delete globalThis.location;
  });
  return left;
}

const waiting = new Set();
const told = (orderId) =>
  new Promise((resolve) => {
    const look = () => {
      const found = fulfilled.find(
        ({ message: { type, data } }) => type === "order.paid" && data.orderId === orderId,
      );
      if (!found) return;
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
  });

const MUGS = [{ price: "mug", quantity: 2 }];

test("a cart is paid on Checkout, shown as paid, and fulfilled once", async (t) => {
  const left = visit(t, "g1");
  const key = crypto.randomUUID();
  await page.buy(MUGS, key);
  await page.buy(MUGS, key);
  const [checkout, again] = left;
  assert.equal(checkout, again, "the same key is the same session");

  const form = { email: "ada@example.com", name: "Ada", number: "4242424242424242" };
  const card = { method: "card", expiry: "12/40", cvc: "123", expected_amount: "3000" };
  const body = new URLSearchParams({ ...form, ...card });
  const paid = await fetch(checkout, { method: "POST", body, redirect: "manual" });
  assert.equal(paid.status, 303, await paid.text());
  const back = new URL(paid.headers.get("location"));
  assert.equal(back.origin + back.pathname, `${site}/paid`);
  const orderId = back.searchParams.get("order");

  const order = await page.result(orderId, 50);
  assert.deepEqual([order.status, order.amount], ["paid", 3000]);
  const { id } = await told(orderId);
  assert.match(id, /^msg_/);
});

test("a guest who signs in keeps the cart, and the guest's page takes nothing", async (t) => {
  const guests = visit(t, "g4");
  const key = crypto.randomUUID();
  await page.buy(MUGS, key);
  const users = visit(t, "g4", "ada");
  await page.buy(MUGS, key);

  assert.notEqual(users[0], guests[0]);
  const [open, closed] = await Promise.all([users[0], guests[0]].map((url) => fetch(url)));
  assert.match(await open.text(), /Mug/);
  assert.doesNotMatch(await closed.text(), /Mug/);
});

test("another guest, a stranger and another site get nothing", async (t) => {
  visit(t, "g2");
  const mine = await fetch("/api/payments/create-intent", {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
    body: JSON.stringify({ items: MUGS }),
  });
  const { orderId } = await mine.json();
  visit(t, "g3");
  await assert.rejects(page.result(orderId), /no such order/);
  const url = `${site}/api/payments/order?id=${orderId}`;
  assert.equal((await fetch(url)).status, 401);
  const other = { method: "POST", headers: { cookie: "guest=g2", "sec-fetch-site": "cross-site" } };
  assert.equal((await fetch(`${site}/api/payments/cancel`, other)).status, 403);
  assert.equal((await fetch(`${site}/api/payments/webhooks/stripe`, other)).status, 404);
});

test("a forged notification is refused", async () => {
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AA" };
  const forged = await fetch(`${site}/api/notify`, { method: "POST", headers, body: "{}" });
  assert.equal(forged.status, 400);
});
