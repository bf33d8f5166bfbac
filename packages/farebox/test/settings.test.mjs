// Where the settings of a site's server come from, and what is said where one is missing or wrong.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createFarebox } from "farebox/next";
import { callerToken, can, createServerClient, SettingError } from "farebox/server";
import { decodeJwt } from "jose";
import { environment, mugs, request, startShop } from "./shop.mjs";
import { json, SITE_KEY, startStandIn, text } from "./stand-in.mjs";

const ADA = { id: "ada" };
const HERE = String(process.pid);

async function folder(t) {
  const path = await mkdtemp(join(tmpdir(), "farebox-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Writes the file of a `farebox dev`, and lets this process look for it. */
async function devFile(t, settings, name = "farebox-4242.env") {
  const path = await folder(t);
  const lines = Object.entries({ FAREBOX_DEV_PID: HERE, ...settings });
  await writeFile(join(path, name), lines.map(([key, value]) => `${key}='${value}'\n`).join(""));
  environment(t, { FAREBOX_DEV_DIR: path });
  return join(path, name);
}

/** The answer to a request of a signed-in user, and the lines of the log. */
async function asked(t) {
  const lines = [];
  t.mock.method(console, "error", (line) => lines.push(line));
  const { GET } = createFarebox({ caller: () => ADA }).handlers();
  const answer = await GET(request("orders"));
  return { status: answer.status, ...(await answer.json()).error, log: lines.join("\n") };
}

test("where nothing runs, the answer says what to run, and the log where it looked", async (t) => {
  const path = await folder(t);
  environment(t, { FAREBOX_DEV_DIR: path, FAREBOX_SITE_KEY: SITE_KEY });
  const { status, code, message, log } = await asked(t);
  assert.deepEqual([status, code], [503, "not_configured"]);
  assert.match(
    message,
    /^FAREBOX_ORIGIN is not set, and no `farebox dev` runs: run `npx farebox dev`/,
  );
  assert.doesNotMatch(message, new RegExp(path));
  assert.match(log, new RegExp(path));
});

const IN_ENVIRONMENT = [
  ["FAREBOX_ORIGIN", { FAREBOX_ORIGIN: "pay.store.example" }, /must be an origin/],
  ["FAREBOX_ORIGIN", { FAREBOX_ORIGIN: "ftp://pay.store.example" }, /must be an origin/],
  ["FAREBOX_ORIGIN", { FAREBOX_ORIGIN: "https://pay.store.example/api" }, /must be an origin/],
  [
    "FAREBOX_ORIGIN",
    { FAREBOX_ORIGIN: "https://user:word@pay.store.example" },
    /must be an origin/,
  ],
  ["FAREBOX_ORIGIN", { FAREBOX_ORIGIN: "https://pay.store.example?x" }, /must be an origin/],
  ["FAREBOX_SITE_KEY", { FAREBOX_SITE_KEY: undefined }, /is not set/],
  ["FAREBOX_SITE_KEY", { FAREBOX_SITE_KEY: "" }, /is not set/],
  ["FAREBOX_SITE_KEY", { FAREBOX_SITE_KEY: "short-key-of-31-characters-long" }, /is too short/],
  ["FAREBOX_SITE_KEY", { FAREBOX_SITE_KEY: "abcde".repeat(9) }, /repeats a few characters/],
  ["FAREBOX_SITE_KEY", { FAREBOX_SITE_KEY: `sk_live_${SITE_KEY}` }, /holds a key of Stripe's/],
  ["FAREBOX_SITE_KEY", { FAREBOX_SITE_KEY: `whsec_${SITE_KEY}` }, /holds a key of Stripe's/],
];
test("a wrong setting is named with its fault and its origin, and never shown", async (t) => {
  for (const [name, settings, fault] of IN_ENVIRONMENT) {
    const all = { FAREBOX_ORIGIN: "https://pay.shop.example", FAREBOX_SITE_KEY: SITE_KEY };
    environment(t, { ...all, ...settings });
    const { status, code, message, log } = await asked(t);
    assert.deepEqual([status, code], [503, "not_configured"]);
    assert.match(message, new RegExp(`^${name} `));
    assert.match(message, fault);
    assert.match(log, /the environment/);
    const [value] = Object.values(settings);
    if (value) assert.ok(!log.includes(value) && !message.includes(value));
  }
});

test("the key of the environment never goes to a `farebox dev`", async (t) => {
  await devFile(t, { FAREBOX_ORIGIN: "http://127.0.0.1:9" });
  process.env.FAREBOX_SITE_KEY = SITE_KEY;
  const { code, message, log } = await asked(t);
  assert.equal(code, "not_configured");
  assert.match(message, /^FAREBOX_SITE_KEY is not set/);
  assert.match(log, /farebox-4242\.env/);
});

test("no file counts where FAREBOX_ORIGIN is set", async (t) => {
  const { origin, received } = await startStandIn(t, json(200, { orders: [] }));
  const file = await devFile(t, {
    FAREBOX_ORIGIN: "http://127.0.0.1:9",
    FAREBOX_SITE_KEY: SITE_KEY,
  });
  assert.match(await readFile(file, "utf8"), /FAREBOX_ORIGIN/);
  Object.assign(process.env, { FAREBOX_ORIGIN: origin, FAREBOX_SITE_KEY: SITE_KEY });
  assert.equal((await asked(t)).status, 200);
  assert.equal(received.length, 1);
});

test("a file names no other machine", async (t) => {
  for (const FAREBOX_ORIGIN of [
    "https://evil.example",
    "http://127.evil.example",
    "http://10.0.0.1",
  ]) {
    await devFile(t, { FAREBOX_ORIGIN, FAREBOX_SITE_KEY: SITE_KEY });
    const { code, message } = await asked(t);
    assert.deepEqual(
      [code, message],
      ["not_configured", "FAREBOX_ORIGIN must be an address of this machine"],
    );
  }
});

test("no file of an ended process counts, and of several the latest does", async (t) => {
  const { origin } = await startStandIn(t, json(200, { orders: [] }));
  const settings = { FAREBOX_ORIGIN: origin, FAREBOX_SITE_KEY: SITE_KEY };
  for (const pid of ["0", "-1", "1.5", "", "x", "999999999"]) {
    await devFile(t, { ...settings, FAREBOX_DEV_PID: pid });
    assert.equal((await asked(t)).code, "not_configured", pid);
  }
  const file = await devFile(t, settings);
  const other = join(file, "..", "farebox-1.env");
  const text = (await readFile(file, "utf8")).replace(origin, "http://127.0.0.1:9");
  await writeFile(other, text);
  await utimes(other, 1, 1);
  assert.equal((await asked(t)).status, 200);
  await utimes(file, 0, 0);
  assert.equal((await asked(t)).code, "unavailable");
});

test("the file is found from the site's folder upwards, past a broken link", async (t) => {
  const { origin } = await startStandIn(t, json(200, { orders: [] }));
  const file = await devFile(t, { FAREBOX_ORIGIN: origin, FAREBOX_SITE_KEY: SITE_KEY });
  const root = await folder(t);
  const site = join(root, "apps", "shop");
  await mkdir(site, { recursive: true });
  t.mock.method(process, "cwd", () => site);
  environment(t, {});
  assert.equal((await asked(t)).code, "not_configured");
  for (const place of [
    ["apps", "node_modules", ".cache", "farebox"],
    ["target", "dev"],
  ]) {
    const found = join(root, ...place);
    await mkdir(found, { recursive: true });
    await symlink(join(root, "nowhere"), join(found, "farebox-1.env"));
    await writeFile(join(found, "farebox-2.env"), await readFile(file));
    assert.equal((await asked(t)).status, 200);
    await rm(join(root, place[0]), { recursive: true, force: true });
    await mkdir(site, { recursive: true });
  }
});

test("the stand-in for Stripe.js comes from a running sandbox alone", async (t) => {
  const { file } = await startShop(t);
  const { POST, GET } = createFarebox({ caller: () => ADA }).handlers();
  const headers = { "idempotency-key": crypto.randomUUID() };
  const started = await POST(request("create-intent", { body: mugs, headers }));
  const url = started.headers.get("x-farebox-stripe-js");
  assert.match(url, /^http:\/\/(127\.0\.0\.1|localhost):\d+\/endive\/stripe\.js$/);
  const read = await GET(request("orders"));
  assert.equal(read.headers.get("x-farebox-stripe-js"), null);

  const written = await readFile(file, "utf8");
  await writeFile(file, written.replace(url, "https://evil.example/stripe.js"));
  const again = await POST(request("create-intent", { body: mugs, headers }));
  assert.deepEqual([again.status, again.headers.get("x-farebox-stripe-js")], [200, null]);
});

test("a server's client has the token of its caller, and follows no redirect", async (t) => {
  const { received } = await startStandIn(t, json(200, { orders: [], nextCursor: null }));
  const client = createServerClient(async () => ({ id: "fin", roles: ["finance"] }));
  const query = { owner: "ada" };
  assert.equal((await client.GET("/api/orders", { params: { query } })).response.status, 200);
  const [{ url, headers }] = received;
  assert.equal(url, "/api/orders?owner=ada");
  const { sub, roles } = decodeJwt(headers.authorization.replace("Bearer ", ""));
  assert.deepEqual([sub, roles], ["fin", ["finance"]]);

  const { received: others } = await startStandIn(t);
  const location = process.env.FAREBOX_ORIGIN;
  await startStandIn(t, text(307, "", { location }));
  const params = { header: { "Idempotency-Key": "k" } };
  const refund = client.POST("/api/refund", { params, body: { orderId: "o_1" } });
  await assert.rejects(refund, /redirect/);
  assert.equal(others.length, 0);

  environment(t, { FAREBOX_DEV_DIR: await folder(t) });
  await assert.rejects(client.GET("/api/orders", {}), SettingError);
  await assert.rejects(callerToken(ADA), SettingError);
});

test("`can` is true only where Farebox says so", async (t) => {
  const logged = t.mock.method(console, "error", () => undefined).mock;
  const body = { active: true, checkedAt: 1790000060, entitlements: ["export"] };
  const { received } = await startStandIn(t, json(200, body));
  assert.equal(await can(ADA, "export"), true);
  assert.equal(received[0].url, "/api/subscription?view=access");
  assert.equal(await can(ADA, "pro"), false);
  for (const nobody of [null, undefined]) assert.equal(await can(nobody, "export"), false);
  assert.equal(logged.callCount(), 0);

  const closed = [
    [{}, json(200, body)],
    [{ id: 7 }, json(200, body)],
    [{ id: "ada@example.com" }, json(200, body)],
    [ADA, json(403, { error: { code: "forbidden", message: "no", requestId: "r" } })],
    [ADA, json(200, {})],
    [ADA, json(200, { entitlements: "export" })],
    [ADA, text(200, "<h1>export</h1>")],
    [ADA, text(302, "", { location: "/" })],
    [ADA, (request) => request.socket.destroy()],
  ];
  for (const [user, answer] of closed) {
    await startStandIn(t, answer);
    assert.equal(await can(user, "export"), false);
  }
  environment(t, { FAREBOX_DEV_DIR: await folder(t) });
  assert.equal(await can(ADA, "export"), false);
  assert.equal(logged.callCount(), closed.length + 1);
  // A page does not wait for longer than five seconds.
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await startStandIn(t, () => t.mock.timers.tick(5000));
  assert.equal(await can(ADA, "export"), false);
});
