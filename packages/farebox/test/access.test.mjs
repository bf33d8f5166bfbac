// Who may send what through the handlers: routes, methods, other sites, callers and guests.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFarebox } from "farebox/next";
import { decodeJwt } from "jose";
import { cookieOf, environment, mugs, request, SITE } from "./shop.mjs";
import { startStandIn } from "./stand-in.mjs";

const handlers = (options) => createFarebox({ caller: () => null, ...options }).handlers();
const ofAda = () => handlers({ caller: () => ({ id: "ada" }) });
const codeOf = async (answer) => [answer.status, (await answer.json()).error.code];
const keyed = { "idempotency-key": "5f0c4f4e-7a0e-4c8e-9f55-2f3a2c1d0e9f" };

/** The subject of the token of a request that Farebox received. */
const subjectOf = ({ headers }) => decodeJwt(headers.authorization.replace("Bearer ", "")).sub;

/** Lets the test fail if anything is logged but lines that fit `pattern`. */
const log = (t, pattern) =>
  t.mock.method(console, "error", (line) => assert.match(String(line), pattern));

test("only the exact name of a function for browsers leads to Farebox", async (t) => {
  const { received } = await startStandIn(t);
  const { GET } = ofAda();
  const names = [
    "",
    "webhooks",
    "health",
    "usage",
    "notify",
    "Order",
    "ORDER",
    "order ",
    "order;x",
  ];
  names.push("..", ".", "%6frder", "order%2F..", "constructor", "__proto__", "toString", "order\0");
  for (const name of names) {
    const context = { params: Promise.resolve({ path: [name] }) };
    assert.deepEqual(await codeOf(await GET(request("x"), context)), [404, "not_found"], name);
  }
  for (const path of [["webhooks", "stripe"], ["order", ".."], ["order", ""], ["a", "order"], []]) {
    const context = { params: Promise.resolve({ path }) };
    assert.deepEqual(await codeOf(await GET(request("order"), context)), [404, "not_found"]);
  }
  for (const name of [
    "order/",
    "order//",
    "order/%2e%2e/health",
    "%6frder",
    "..%2Fhealth",
    "Order",
  ])
    assert.deepEqual(await codeOf(await GET(request(name))), [404, "not_found"], name);
  assert.equal(received.length, 0);
});

test("the query cannot change the function", async (t) => {
  const { received } = await startStandIn(t);
  const queries = ["?id=..%2F..%2Fhealth", "?path=health&path=x", "?@evil.example/", "??"];
  for (const query of queries) {
    const context = { params: Promise.resolve({ path: ["order"] }) };
    assert.equal((await ofAda().GET(request(`order${query}`), context)).status, 200);
    assert.equal(received.at(-1).url, `/api/order${query}`);
  }
});

test("a method that a function does not have is refused with those that it has", async (t) => {
  const { received } = await startStandIn(t);
  const { GET, POST } = ofAda();
  const tried = [
    ["create-intent", "GET", "POST"],
    ["order", "POST", "GET"],
    ["order", "HEAD", "GET"],
    ["subscription", "DELETE", "GET, POST"],
    ["refund", "PUT", "POST"],
    ["refund", "OPTIONS", "POST"],
  ];
  for (const [name, method, allowed] of tried) {
    const answer = await (method === "GET" ? GET : POST)(request(name, { method }));
    assert.equal(answer.headers.get("allow"), allowed);
    assert.deepEqual(await codeOf(answer), [405, "method_not_allowed"]);
  }
  assert.equal(received.length, 0);
});

const OTHERS = [
  { "sec-fetch-site": "cross-site", origin: SITE },
  { "sec-fetch-site": "same-site" },
  { "sec-fetch-site": "none" },
  { "sec-fetch-site": "" },
  { "sec-fetch-site": "same-origin, cross-site" },
  { origin: "https://evil.example", host: "shop.example" },
  { origin: "https://shop.example.evil.example", host: "shop.example" },
  { origin: "https://shop.example:8443", host: "shop.example" },
  { origin: "null", host: "shop.example" },
  { origin: "null", host: "null" },
  { origin: "data:,", host: "" },
  { host: "shop.example" },
];
test("a write that another site sent, or nobody says who, never reaches Farebox", async (t) => {
  const { received } = await startStandIn(t);
  for (const headers of OTHERS) {
    const sent = new Request(`${SITE}/api/payments/refund`, {
      method: "POST",
      headers,
      body: "{}",
    });
    const answer = await ofAda().POST(sent);
    assert.deepEqual(await codeOf(answer), [403, "forbidden"], JSON.stringify(headers));
  }
  assert.equal(received.length, 0);
});

test("a write of the site's own page passes by `Sec-Fetch-Site`, or by its origin", async (t) => {
  await startStandIn(t);
  const own = [
    { "sec-fetch-site": "same-origin" },
    { origin: "https://shop.example", host: "shop.example" },
    { origin: "https://shop.example", host: "10.0.0.1", "x-forwarded-host": "shop.example" },
  ];
  for (const headers of own) {
    const sent = new Request(`${SITE}/api/payments/refund`, {
      method: "POST",
      headers,
      body: "{}",
    });
    assert.equal((await ofAda().POST(sent)).status, 200);
  }
});

const SECRET = "what-must-not-be-shown";
const WRONG = [
  ["id", {}],
  ["id", { id: null, email: `${SECRET}@example.com` }],
  ["id", { id: "" }],
  ["id", { id: 7 }],
  ["id", { id: " ada" }],
  ["id", { id: "ada\n" }],
  ["id", { id: SECRET.repeat(10) }],
  ["id", { id: `${SECRET}@example.com` }],
  ["id", { id: `guest-${SECRET}` }],
  ["id", { id: `guest-${SECRET}`, roles: ["guest", "admin"] }],
  ["roles", { id: "ada", roles: "admin" }],
  ["roles", { id: "ada", roles: [""] }],
  ["roles", { id: "ada", roles: [{ name: SECRET }] }],
  ["roles", { id: "ada", roles: Array(101).fill("customer") }],
  ["roles", { id: "ada", roles: Array(99).fill(SECRET.repeat(5)) }],
  ["email", { id: "ada", email: SECRET }],
  ["email", { id: "ada", email: `${SECRET} @example.com` }],
  ["email", { id: "ada", email: `${SECRET.repeat(20)}@example.com` }],
];
test("a user whom Farebox would refuse is an error that names the field alone", async (t) => {
  const { received } = await startStandIn(t);
  const lines = [];
  t.mock.method(console, "error", (line) => lines.push(line));
  for (const [field, user] of WRONG) {
    const { POST } = handlers({ caller: () => user });
    const answer = await POST(request("create-intent", { body: mugs, headers: keyed }));
    const { error } = await answer.json();
    assert.deepEqual([answer.status, error.code], [500, "internal"]);
    assert.match(error.message, new RegExp(`^\`${field}\` of the caller `));
    assert.equal(answer.headers.get("set-cookie"), null, "nobody becomes a guest by mistake");
  }
  assert.equal(received.length, 0);
  assert.equal(lines.length, WRONG.length);
  assert.doesNotMatch(lines.join("\n"), new RegExp(SECRET));
});

test("users whom Farebox takes pass as they are", async (t) => {
  const { received } = await startStandIn(t);
  const users = [
    [
      { id: "user_2abc", email: null },
      { sub: "user_2abc", roles: ["customer"] },
    ],
    [
      { id: "auth0|5f7c", roles: [] },
      { sub: "auth0|5f7c", roles: [] },
    ],
    [{ id: "samlp|shop|ada@shop.example" }, { sub: "samlp|shop|ada@shop.example" }],
    [
      { id: "guest-of-theirs", roles: ["guest"] },
      { sub: "guest-of-theirs", roles: ["guest"] },
    ],
    [{ id: "ä".repeat(128), roles: ["unknown"] }, { roles: ["unknown"] }],
    [{ id: "ada", email: "ä@ö.example" }, { email: "ä@ö.example" }],
    [{ id: "ada", email: "a@b.example", emailVerified: false }, { email: undefined }],
    [{ id: "ada", email: "a@b.example", emailVerified: null }, { email: "a@b.example" }],
  ];
  for (const [user, expected] of users) {
    assert.equal((await handlers({ caller: () => user }).GET(request("orders"))).status, 200);
    const claims = decodeJwt(received.at(-1).headers.authorization.replace("Bearer ", ""));
    for (const [name, value] of Object.entries(expected)) assert.deepEqual(claims[name], value);
  }
});

test("a `caller` that fails is an error, and nothing is forwarded", async (t) => {
  const { received } = await startStandIn(t);
  log(t, /^farebox: site_\w+: `caller` of createFarebox failed: Error: no database/);
  const failing = [
    () => {
      throw new Error("no database");
    },
    () => Promise.reject(new Error("no database")),
  ];
  for (const caller of failing) {
    const { POST } = handlers({ caller });
    const answer = await POST(request("create-intent", { body: mugs, headers: keyed }));
    const { error } = await answer.json();
    assert.deepEqual([answer.status, error.code], [500, "internal"]);
    assert.doesNotMatch(error.message, /database/);
  }
  assert.equal(received.length, 0);
});

test("what Next.js throws for itself in `caller` reaches Next.js", async (t) => {
  await startStandIn(t);
  const signal = Object.assign(new Error("NEXT_REDIRECT"), { digest: "NEXT_REDIRECT;/sign-in" });
  const { GET } = handlers({ caller: () => Promise.reject(signal) });
  await assert.rejects(GET(request("orders")), signal);
});

test("without guests, who is not signed in is asked to sign in", async (t) => {
  const { received } = await startStandIn(t);
  const { GET, POST } = handlers({ guests: false });
  const cookie = `farebox_guest=${"a".repeat(32)}`;
  const sent = [
    POST(request("create-intent", { body: mugs, headers: keyed })),
    GET(request("orders", { headers: { cookie } })),
  ];
  for (const answer of await Promise.all(sent)) {
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.deepEqual(await codeOf(answer), [401, "unauthenticated"]);
  }
  assert.equal(received.length, 0);
});

test("only a first payment makes a guest", async (t) => {
  const { received } = await startStandIn(t);
  const { GET, POST } = handlers();
  const sent = ["cancel", "capture", "portal", "refund", "subscription"].map((name) =>
    POST(request(name, { body: {}, headers: keyed })),
  );
  sent.push(GET(request("orders")), GET(request("order?id=o_1")), GET(request("subscription")));
  for (const answer of await Promise.all(sent)) {
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.deepEqual(await codeOf(answer), [401, "unauthenticated"]);
  }
  assert.equal(received.length, 0);
  const paid = await POST(request("create-checkout", { body: mugs, headers: keyed }));
  assert.match(cookieOf(paid), /^farebox_guest=/);
  assert.equal(subjectOf(received[0]), `guest-${cookieOf(paid).split("=")[1]}`);
});

test("a guest's cookie of another form is nobody's, and names no user", async (t) => {
  const { received } = await startStandIn(t);
  const { GET } = handlers();
  const id = "a".repeat(32);
  const forged = ["ada", "", "guest-1", `${id}a`, `${id.slice(1)}"`, `"${id}"`, `${id.slice(1)}é`];
  const cookies = forged.map((value) => `farebox_guest=${encodeURI(value)}`);
  cookies.push(
    `farebox_guest =${id.slice(1)}`,
    `__Host-farebox_guest=${id}`,
    `farebox_guests=${id}`,
  );
  for (const cookie of cookies) {
    const answer = await GET(request("orders", { headers: { cookie } }));
    assert.deepEqual(await codeOf(answer), [401, "unauthenticated"], cookie);
  }
  assert.equal(received.length, 0);
  const cookie = `session=x; farebox_guest=${id}; other=y`;
  assert.equal((await GET(request("orders", { headers: { cookie } }))).status, 200);
  assert.equal(subjectOf(received[0]), `guest-${id}`);
});

test("only a random Idempotency-Key names a guest, and nobody can compute whom", async (t) => {
  const { received } = await startStandIn(t);
  const { POST } = handlers();
  const subjects = async (headers) => {
    for (let sent = 0; sent < 2; sent++)
      await POST(request("create-intent", { body: mugs, headers }));
    return received.slice(-2).map(subjectOf);
  };
  const [one, again] = await subjects(keyed);
  assert.equal(one, again);
  for (const headers of [
    {},
    { "idempotency-key": "cart-1" },
    { "idempotency-key": keyed["idempotency-key"].replace("-4c", "-1c") },
  ]) {
    const [first, second] = await subjects(headers);
    assert.notEqual(first, second);
  }
  environment(t, {
    FAREBOX_ORIGIN: process.env.FAREBOX_ORIGIN,
    FAREBOX_SITE_KEY: "another-key-of-at-least-32-characters",
  });
  const [ofAnotherKey] = await subjects(keyed);
  assert.notEqual(ofAnotherKey, one);
});

test("in production, and by HTTPS, the cookie is for this host and HTTPS alone", async (t) => {
  const { origin } = await startStandIn(t);
  const { GET, POST } = handlers();
  const paid = (headers) =>
    POST(request("create-intent", { body: mugs, headers: { ...keyed, ...headers } }));
  const secure =
    /^__Host-farebox_guest=[\w-]{32}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax; Secure$/;
  const byHttps = await paid({ "x-forwarded-proto": "https,http" });
  assert.match(byHttps.headers.get("set-cookie"), secure);
  const { FAREBOX_SITE_KEY } = process.env;
  environment(t, { FAREBOX_ORIGIN: origin, FAREBOX_SITE_KEY, NODE_ENV: "production" });
  assert.match((await paid()).headers.get("set-cookie"), secure);
  const cookie = cookieOf(await paid());
  assert.equal((await GET(request("orders", { headers: { cookie } }))).status, 200);
  // A site on a sibling host could set this one.
  const planted = cookie.replace("__Host-", "");
  assert.equal((await GET(request("orders", { headers: { cookie: planted } }))).status, 401);
});
