// Security: secrets stay on the server, pages load only allowed scripts, and only callers reach the
// functions.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { encode } from "next-auth/jwt";
import { AUTH_SECRET, KEYS, Lifetime, site } from "./processes.mjs";
import { opened, visit } from "./visitor.mjs";

const BUILT = fileURLToPath(new URL("../.next/static/", import.meta.url));

/** The session cookie; its name is also its encryption's salt. */
const COOKIE = "authjs.session-token";

const lifetime = new Lifetime();
let browser, world, stripe;

before(async () => {
  ({ browser, world, stripe } = await opened(lifetime));
});
after(() => lifetime.end());

test("nothing that the browser gets names a secret, its variable, or who may sign in", async () => {
  const files = (await readdir(BUILT, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  assert.ok(files.some(({ name }) => name.endsWith(".js")));
  const secret = [
    ...Object.values(KEYS),
    AUTH_SECRET,
    ...Object.keys(KEYS),
    "AUTH_SECRET",
    "FAREBOX_ORIGIN",
    "HS256",
    "demo-fin",
    "sk_test_",
    "sk_live_",
    "rk_test_",
    "rk_live_",
  ];
  for (const { parentPath, name } of files) {
    const text = await readFile(`${parentPath}/${name}`, "utf8");
    for (const word of secret) assert.ok(!text.includes(word), `${name} holds ${word}`);
  }
});

test("a checkout page never holds the caller's token or the server's keys", async (t) => {
  const visitor = await visit(t, browser, world);
  const seen = [];
  visitor.page.on("response", async (response) => {
    if (new URL(response.url()).origin === world.shop)
      seen.push(await response.text().catch(() => ""));
  });
  await visitor.signIn();
  await visitor.buyMug();
  const { STRIPE_PUBLISHABLE_KEY: known, ...hidden } = KEYS;
  assert.ok(
    seen.some((text) => text.includes(known)),
    "the answers were looked at",
  );
  for (const text of seen) {
    for (const secret of [...Object.values(hidden), AUTH_SECRET]) assert.ok(!text.includes(secret));
    // The encoded header of every HS256 token.
    assert.ok(!text.includes("eyJhbGciOiJIUzI1NiJ9"));
  }
  assert.equal(await visitor.page.evaluate(() => document.cookie.includes("session")), false);
});

/** Embedded Checkout, and Link in the Payment Element, have their own hosts. */
const HOSTS = [
  "connect-src 'self' https://api.stripe.com https://checkout.stripe.com https://link.com " +
    "https://*.link.com",
  "frame-src https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com " +
    "https://checkout.stripe.com https://link.com https://*.link.com",
  "img-src 'self' data: https://*.stripe.com https://link.com https://*.link.com",
];

test("a page's policy lets its own scripts and Stripe's run, and no other", async (t) => {
  const nonce = async () => {
    const { headers } = await fetch(`${world.shop}/`);
    const policy = headers.get("content-security-policy");
    const scripts = policy.split("; ").find((rule) => rule.startsWith("script-src "));
    for (const word of ["'unsafe-inline'", "'unsafe-eval'", "*:", "http:", "data:"])
      assert.ok(!scripts.includes(word), scripts);
    for (const rule of [
      "default-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      ...HOSTS,
    ]) {
      assert.ok(policy.split("; ").includes(rule), `${rule} is not in ${policy}`);
    }
    return scripts.match(/'nonce-([^']+)'/)[1];
  };
  assert.notEqual(await nonce(), await nonce());

  const visitor = await visit(t, browser, world, {
    expected: ["Content Security Policy", "Content-Security-Policy"],
  });
  await visitor.page.goto("/");
  const blocked = await visitor.page.evaluate(async () => {
    const told = new Promise((done) =>
      document.addEventListener("securitypolicyviolation", done, { once: true }),
    );
    // Like injected markup.
    document.body.insertAdjacentHTML(
      "beforeend",
      '<img src="data:," onerror="window.wasRun = true">',
    );
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
      ...(method === "POST" && {
        body: JSON.stringify({ items: [{ price: "mug", quantity: 1 }] }),
      }),
    });
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    {},
  ]) {
    assert.equal((await send("create-intent", headers)).status, 403, JSON.stringify(headers));
  }
  const own = { "sec-fetch-site": "same-origin" };
  for (const path of ["webhooks/stripe", "../dev/session", "constructor", "notify", "order/x"]) {
    assert.equal((await send(path, own)).status, 404, path);
  }
  assert.equal((await send("create-intent", own, "GET")).status, 405);
  assert.equal((await send("create-intent", { ...own, cookie: "" })).status, 401);
  assert.equal(
    (await send("create-intent", { ...own, cookie: "", authorization: "Bearer x" })).status,
    401,
  );
  assert.equal(await stripe.total(), before);
  assert.equal((await send("create-intent", own)).status, 200);
});

test("no answer renews the session, so a late one does not undo a sign-out", async (t) => {
  const visitor = await visit(t, browser, world);
  await visitor.signIn();
  const cookies = await visitor.page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  for (const path of ["/", "/orders", "/api/payments/order?id=o_1"]) {
    const { headers } = await fetch(world.shop + path, {
      headers: { cookie, "sec-fetch-site": "same-origin" },
    });
    assert.deepEqual(
      headers.getSetCookie().filter((set) => set.includes("session-token")),
      [],
      path,
    );
  }
});

test("in production the demo's accounts need a setting", async (t) => {
  const quiet = await site(t, "http://127.0.0.1:9", { DEMO_ACCOUNTS: "" });
  const visitor = await visit(t, browser, { ...world, shop: quiet });
  await visitor.page.goto("/sign-in");
  await visitor.button("Continue as a guest").waitFor();
  assert.equal(await visitor.button("Fin finance").count(), 0);
  // Directly to Auth.js, without the page.
  const { csrfToken } = await visitor.page.evaluate(() =>
    fetch("/api/auth/csrf").then((response) => response.json()),
  );
  await visitor.page.evaluate(
    (body) =>
      fetch("/api/auth/callback/credentials", {
        method: "POST",
        body: new URLSearchParams(body),
        redirect: "manual",
      }),
    { csrfToken, account: "demo-fin" },
  );
  assert.equal(
    await visitor.page.evaluate(() =>
      fetch("/api/auth/session").then((response) => response.json()),
    ),
    null,
  );
});

const ELSEWHERE = [
  "//evil.example/",
  "///evil.example",
  "https://evil.example/",
  "https:evil.example",
  "javascript:alert(1)",
  "evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "\t//evil.example",
  "/\n/evil.example",
  "/.//evil.example",
  "/./\\evil.example",
  "/..//evil.example",
  "/x/..//evil.example",
  "/x/.././/evil.example",
  "/%2e//evil.example",
  "/%2E%2e//evil.example",
  "/.//user@evil.example/orders",
];

test("a link leads to a page of this site after the sign-in, and never elsewhere", async (t) => {
  const visitor = await visit(t, browser, world, { expected: ["404 (Not Found)"] });
  const { page } = visitor;
  const leadsTo = async (to, enter) => {
    await page.goto(`/sign-in?to=${encodeURIComponent(to)}`);
    await enter();
    await page.waitForURL((url) => url.pathname !== "/sign-in");
    return page.url();
  };
  // First by the form, then as a signed-in user.
  const byForm = () => visitor.button("Continue as a guest").click();
  for (const to of ["/.//evil.example", "/x/..//evil.example"]) {
    assert.equal(await leadsTo(to, byForm), `${world.shop}/`);
    await visitor.signOut();
  }
  assert.equal(await leadsTo("/orders", byForm), `${world.shop}/orders`);
  for (const to of ELSEWHERE) assert.equal(await leadsTo(to, () => {}), `${world.shop}/`, to);
  const own = ["/cart", "/checkout/return?order=o_1", "/checkout/return?order=//evil.example"];
  for (const to of own) {
    const [led, wanted] = [await leadsTo(to, () => {}), world.shop + to].map((url) => new URL(url));
    // The return page writes its own URL anew, with the order's id escaped.
    assert.equal(led.origin + led.pathname, wanted.origin + wanted.pathname);
    assert.equal(led.searchParams.get("order"), wanted.searchParams.get("order"));
  }
});

test("who lost a role has lost it at once, and who lost their account is signed out", async (t) => {
  // A session from an earlier sign-in.
  const session = async (token) => {
    const value = await encode({ token, secret: AUTH_SECRET, salt: COOKIE });
    return {
      cookie: `${COOKIE}=${value}`,
      "sec-fetch-site": "same-origin",
      "idempotency-key": "k",
    };
  };
  const refund = async (headers) => {
    const body = JSON.stringify({ orderId: "ord_1" });
    const response = await fetch(`${world.shop}/api/payments/refund`, {
      method: "POST",
      headers,
      body,
    });
    return [response.status, (await response.json()).error.code];
  };
  const demoted = await session({ sub: "demo-sam", name: "Sam", role: "finance" });
  assert.deepEqual(await refund(demoted), [403, "forbidden"]);
  const page = await fetch(`${world.shop}/staff`, { headers: demoted }).then((response) =>
    response.text(),
  );
  assert.match(page, /mayChange\W+false/);
  const removed = await session({ sub: "demo-eve", name: "Eve", role: "finance" });
  assert.deepEqual(await refund(removed), [401, "unauthenticated"]);
  assert.equal(
    await fetch(`${world.shop}/api/auth/session`, { headers: removed }).then((response) =>
      response.json(),
    ),
    null,
  );
  // An account that still exists.
  assert.deepEqual(await refund(await session({ sub: "demo-fin" })), [404, "not_found"]);
});
