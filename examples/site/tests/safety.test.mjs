// What must not leave the server, what a page may load, and whom the site's server calls the functions for.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AUTH_SECRET, farebox, KEYS, Lifetime, site } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { launch, visit } from "./visitor.mjs";

const BUILT = fileURLToPath(new URL("../.next/static/", import.meta.url));

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  const { origin, sandbox } = await farebox(lifetime);
  world = { shop: await site(lifetime, origin), sandbox };
  stripe = new Stripe(sandbox);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await lifetime.end();
});

test("nothing that the browser gets names a secret, its variable, or who may sign in", async () => {
  const files = (await readdir(BUILT, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.ok(files.some(({ name }) => name.endsWith(".js")));
  const secret = [...Object.values(KEYS), AUTH_SECRET, ...Object.keys(KEYS), "AUTH_SECRET", "FAREBOX_ORIGIN", "HS256", "demo-fin", "sk_test_", "sk_live_", "rk_test_", "rk_live_"];
  for (const { parentPath, name } of files) {
    const text = await readFile(`${parentPath}/${name}`, "utf8");
    for (const word of secret) assert.ok(!text.includes(word), `${name} holds ${word}`);
  }
});

test("a page that is paid on never holds the caller's token or the keys of the server", async (t) => {
  const visitor = await visit(t, browser, world);
  const seen = [];
  visitor.page.on("response", async (response) => {
    if (new URL(response.url()).origin === world.shop) seen.push(await response.text().catch(() => ""));
  });
  await visitor.signIn();
  await visitor.buyMug();
  const { STRIPE_PUBLISHABLE_KEY: known, ...hidden } = KEYS;
  assert.ok(seen.some((text) => text.includes(known)), "the answers were looked at");
  for (const text of seen) {
    for (const secret of [...Object.values(hidden), AUTH_SECRET]) assert.ok(!text.includes(secret));
    // The header of every token that is signed by HS256, as it is encoded.
    assert.ok(!text.includes("eyJhbGciOiJIUzI1NiJ9"));
  }
  assert.equal(await visitor.page.evaluate(() => document.cookie.includes("session")), false);
});

test("a page's policy lets its own scripts and Stripe's run, and no other", async (t) => {
  const nonce = async () => {
    const { headers } = await fetch(`${world.shop}/`);
    const policy = headers.get("content-security-policy");
    const scripts = policy.split("; ").find((rule) => rule.startsWith("script-src "));
    for (const word of ["'unsafe-inline'", "'unsafe-eval'", "*:", "http:", "data:"]) assert.ok(!scripts.includes(word), scripts);
    for (const rule of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "connect-src 'self' https://api.stripe.com"]) {
      assert.ok(policy.split("; ").includes(rule), `${rule} is not in ${policy}`);
    }
    return scripts.match(/'nonce-([^']+)'/)[1];
  };
  assert.notEqual(await nonce(), await nonce());

  const visitor = await visit(t, browser, world, { expected: ["Content Security Policy", "Content-Security-Policy"] });
  await visitor.page.goto("/");
  const blocked = await visitor.page.evaluate(async () => {
    const told = new Promise((done) => document.addEventListener("securitypolicyviolation", done, { once: true }));
    // As markup that somebody managed to write into the page.
    document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.wasRun = true">');
    const { effectiveDirective } = await told;
    return { effectiveDirective, wasRun: Boolean(window.wasRun) };
  });
  assert.deepEqual(blocked, { effectiveDirective: "script-src-attr", wasRun: false });
});

test("another site cannot pay, and nobody gets through to what is not for browsers", async (t) => {
  const visitor = await visit(t, browser, world);
  await visitor.signIn();
  const cookies = await visitor.page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const before = await stripe.total();
  const send = (path, headers, method = "POST") =>
    fetch(`${world.shop}/api/payments/${path}`, {
      method,
      headers: { cookie, "content-type": "application/json", "idempotency-key": "k", ...headers },
      ...(method === "POST" && { body: JSON.stringify({ items: [{ price: "mug", quantity: 1 }] }) }),
    });
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { "sec-fetch-site": "same-site" }, { origin: "https://evil.example" }, {}]) {
    assert.equal((await send("create-intent", headers)).status, 403, JSON.stringify(headers));
  }
  const own = { "sec-fetch-site": "same-origin" };
  for (const path of ["webhooks/stripe", "../dev/session", "constructor", "fulfil", "order/x"]) {
    assert.equal((await send(path, own)).status, 404, path);
  }
  assert.equal((await send("create-intent", own, "GET")).status, 405);
  assert.equal((await send("create-intent", { ...own, cookie: "" })).status, 401);
  assert.equal((await send("create-intent", { ...own, cookie: "", authorization: "Bearer x" })).status, 401);
  assert.equal(await stripe.total(), before);
  assert.equal((await send("create-intent", own)).status, 200);
});

test("no answer renews the session, so that one that arrives late does not undo a sign-out", async (t) => {
  const visitor = await visit(t, browser, world);
  await visitor.signIn();
  const cookies = await visitor.page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  for (const path of ["/", "/orders", "/api/payments/order?id=o_1"]) {
    const { headers } = await fetch(world.shop + path, { headers: { cookie, "sec-fetch-site": "same-origin" } });
    assert.deepEqual(headers.getSetCookie().filter((set) => set.includes("session-token")), [], path);
  }
});

test("in production the demo's accounts are there when the site says so, and not else", async (t) => {
  const quiet = await site(t, "http://127.0.0.1:9", { DEMO_ACCOUNTS: "" });
  const visitor = await visit(t, browser, { ...world, shop: quiet });
  await visitor.page.goto("/sign-in");
  await visitor.button("Continue as a guest").waitFor();
  assert.equal(await visitor.button("Fin finance").count(), 0);
  // Past the page, as Auth.js takes it.
  const { csrfToken } = await visitor.page.evaluate(() => fetch("/api/auth/csrf").then((response) => response.json()));
  await visitor.page.evaluate(
    (body) => fetch("/api/auth/callback/credentials", { method: "POST", body: new URLSearchParams(body), redirect: "manual" }),
    { csrfToken, account: "demo-fin" },
  );
  assert.equal(await visitor.page.evaluate(() => fetch("/api/auth/session").then((response) => response.json())), null);
});

test("a link cannot lead elsewhere after the sign-in", async (t) => {
  const visitor = await visit(t, browser, world);
  for (const to of ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]) {
    await visitor.page.goto(`/sign-in?to=${encodeURIComponent(to)}`);
    await visitor.button("Continue as a guest").click();
    await visitor.button("Sign out").waitFor();
    await visitor.page.waitForURL((url) => url.pathname !== "/sign-in");
    assert.equal(new URL(visitor.page.url()).origin, world.shop);
    await visitor.signOut();
  }
});
