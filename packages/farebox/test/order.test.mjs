// Signed orders, with the functions of `cargo dev`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseEnv } from "node:util";
import { createFarebox } from "farebox/next";
import { callerToken, OrderError, signOrder } from "farebox/server";
import { SignJWT } from "jose";
import { request, startShop } from "./shop.mjs";

const ADA = { id: "ada" };
const ORDER = { orderId: "web-1042", amount: 1999, currency: "usd" };
const LINE = { name: "Mug", amount: 1500, quantity: 2 };
const LINES = { orderId: "web-1042", currency: "usd", lines: [LINE] };
const ADDRESS = { line1: "1 Main St", country: "DE" };
const SHIPPING = { name: "Ada", address: ADDRESS };

/** Faulty orders, by the field that is wrong. */
const WRONG = [
  ["orderId", { ...ORDER, orderId: undefined }],
  ["orderId", { ...ORDER, orderId: "web 1042" }],
  ["orderId", { ...ORDER, orderId: 1042 }],
  ["currency", { ...ORDER, currency: undefined }],
  ["currency", { ...ORDER, currency: "USD" }],
  ["amount", { ...ORDER, amount: undefined }],
  ["amount", { ...ORDER, amount: 19.99 }],
  ["amount", { ...ORDER, amount: "1999" }],
  ["amount", { ...ORDER, amount: -1 }],
  ["amount", { ...LINES, amount: 2999 }],
  ["lines", { ...LINES, lines: [] }],
  ["lines", { ...LINES, lines: {} }],
  ["lines", { ...LINES, lines: Array(101).fill(LINE) }],
  ["lines[0]", { ...LINES, lines: ["mug"] }],
  ["lines[0].name", { ...LINES, lines: [{ ...LINE, name: undefined }] }],
  ["lines[0].name", { ...LINES, lines: [{ ...LINE, name: "a\nb" }] }],
  ["lines[0].amount", { ...LINES, lines: [{ ...LINE, amount: undefined }] }],
  ["lines[0].amount", { ...LINES, lines: [{ ...LINE, amount: 0.5 }] }],
  ["lines[1].amount", { ...LINES, lines: [LINE, { ...LINE, amount: -5 }] }],
  ["lines[0].quantity", { ...LINES, lines: [{ ...LINE, quantity: 0 }] }],
  ["lines[0].quantity", { ...LINES, lines: [{ ...LINE, quantity: 10001 }] }],
  ["lines[0].taxCode", { ...LINES, lines: [{ ...LINE, taxCode: "general" }] }],
  ["lines[0].taxBehavior", { ...LINES, lines: [{ ...LINE, taxBehavior: "none" }] }],
  ["lines[0].price", { ...LINES, lines: [{ ...LINE, price: "mug" }] }],
  ["taxCode", { ...LINES, taxCode: "txcd_1" }],
  ["taxBehavior", { ...ORDER, taxBehavior: 1 }],
  ["description", { ...ORDER, description: "" }],
  ["description", { ...ORDER, description: "x".repeat(1001) }],
  ["email", { ...ORDER, email: "ada" }],
  ["email", { ...ORDER, email: 7 }],
  ["name", { ...ORDER, name: "a\tb" }],
  ["name", { ...ORDER, name: "" }],
  ["shipping", { ...ORDER, shipping: [] }],
  ["shipping.name", { ...ORDER, shipping: { address: ADDRESS } }],
  ["shipping.name", { ...ORDER, shipping: { ...SHIPPING, name: "" } }],
  ["shipping.address", { ...ORDER, shipping: { name: "Ada" } }],
  ["shipping.address", { ...ORDER, shipping: { name: "Ada", address: "1 Main St" } }],
  ["shipping.address.line1", { ...ORDER, shipping: { name: "Ada", address: { city: "B" } } }],
  [
    "shipping.address.country",
    {
      ...ORDER,
      shipping: { name: "Ada", address: { ...ADDRESS, country: "Germany" } },
    },
  ],
  [
    "shipping.address.zip",
    {
      ...ORDER,
      shipping: { name: "Ada", address: { ...ADDRESS, zip: "1" } },
    },
  ],
  ["statementDescriptorSuffix", { ...ORDER, statementDescriptorSuffix: "x".repeat(23) }],
  ["statementDescriptorSuffix", { ...ORDER, statementDescriptorSuffix: "A*B" }],
  ["statementDescriptorSuffix", { ...ORDER, statementDescriptorSuffix: "CAFÉ" }],
  ["statementDescriptorSuffix", { ...ORDER, statementDescriptorSuffix: "1042" }],
  ["metadata", { ...ORDER, metadata: { size: 7 } }],
  ["metadata", { ...ORDER, metadata: { farebox_order: "x" } }],
  ["metadata", { ...ORDER, metadata: { "a[b]": "x" } }],
  ["metadata", { ...ORDER, metadata: { size: "" } }],
  [
    "metadata",
    {
      ...ORDER,
      metadata: Object.fromEntries(Array.from({ length: 46 }, (_, at) => [`k${at}`, "x"])),
    },
  ],
  ["setupFutureUsage", { ...ORDER, setupFutureUsage: "always" }],
  ["setupFutureUsage", { ...ORDER, setupFutureUsage: "off_session", offSession: true }],
  ["offSession", { ...ORDER, offSession: "yes" }],
  ["paymentMethod", { ...ORDER, paymentMethod: "pm_1" }],
  ["paymentMethod", { ...ORDER, offSession: true, paymentMethod: "card_1" }],
  ["captureMethod", { ...ORDER, captureMethod: "later" }],
  ["expiresAt", { ...ORDER, expiresAt: "tomorrow" }],
  ["version", { ...ORDER, version: -1 }],
  ["previousSub", { ...ORDER, previousSub: "" }],
  ["checkout", { ...ORDER, checkout: [] }],
  ["price", { ...ORDER, price: "mug" }],
];

test("a faulty order is not signed, and the error has the functions' own words", async (t) => {
  const { shop, file } = await startShop(t);
  const bearer = { authorization: `Bearer ${await callerToken(ADA)}` };
  const { FAREBOX_SITE_KEY } = parseEnv(await readFile(file, "utf8"));
  const key = new TextEncoder().encode(FAREBOX_SITE_KEY);
  const told = async (claims) => {
    const order = await new SignJWT(JSON.parse(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "HS256" })
      .setAudience("farebox:order")
      .setSubject("ada")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(key);
    const headers = { ...bearer, "content-type": "application/json" };
    const body = JSON.stringify({ order });
    const answer = await fetch(`${shop}/api/create-intent`, { method: "POST", headers, body });
    return (await answer.json()).error?.message;
  };
  for (const [field, order] of WRONG) {
    const error = await signOrder(order, ADA).catch((error) => error);
    assert.ok(error instanceof OrderError, `${field}: ${JSON.stringify(order)}`);
    assert.equal(error.field, field);
    assert.equal(error.message, await told(order));
  }
});

const FULL = {
  ...LINES,
  amount: 3000,
  description: "Two mugs",
  email: "ada@example.com",
  name: "Ada Lovelace",
  shipping: { ...SHIPPING, phone: "", address: { ...ADDRESS, line2: "", postal_code: "10115" } },
  statementDescriptorSuffix: "MUGS",
  metadata: { cart: "7" },
  captureMethod: "automatic",
  expiresAt: Math.floor(Date.now() / 1000) + 3600,
  version: 1,
};

test("an order with all that it may say is paid as it was signed", async (t) => {
  await startShop(t);
  const farebox = createFarebox({ caller: () => ADA });
  const { POST } = farebox.handlers();
  const body = { order: await farebox.signOrder(FULL) };
  const answer = await POST(request("create-intent", { body }));
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json().then(({ orderId, amount }) => [orderId, amount]), [
    "web-1042",
    3000,
  ]);
});

test("an order is for its caller alone, and for as long as it says", async (t) => {
  await startShop(t);
  const { POST } = createFarebox({ caller: () => ({ id: "bob" }) }).handlers();
  const answer = await POST(
    request("create-intent", { body: { order: await signOrder(ORDER, ADA) } }),
  );
  assert.equal(answer.status, 404);
  for (const expiresIn of [0, 1.5, Number.NaN])
    await assert.rejects(signOrder(ORDER, ADA, { expiresIn }), RangeError);
  await assert.rejects(signOrder(ORDER, { id: "ada@example.com" }), /^CallerError: `id`/);
});

test("a guest who signs in keeps the order, which names them as its previous owner", async (t) => {
  await startShop(t);
  const guest = { id: "guest-of-this-browser", roles: ["guest"] };
  const send = (caller, order) =>
    createFarebox({ caller: () => caller })
      .handlers()
      .POST(request("create-intent", { body: { order } }));
  assert.equal((await send(guest, await signOrder(ORDER, guest))).status, 200);
  const moved = await signOrder({ ...ORDER, version: 2, previousSub: guest.id }, ADA);
  assert.equal((await send(ADA, moved)).status, 200);
});
