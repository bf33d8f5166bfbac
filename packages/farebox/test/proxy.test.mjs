// proxy.ts: the guest's cookie with the first page, and the pages' Content-Security-Policy.

import assert from "node:assert/strict";
import { test } from "node:test";
import { contentSecurityPolicy, createProxy, newNonce, withGuest } from "farebox/next";
import { NextRequest, NextResponse } from "next/server.js";
import { environment } from "./shop.mjs";

const COOKIE = /^farebox_guest=([\w-]{32}); Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/;
const page = (headers = {}, init = {}) =>
  new NextRequest("http://127.0.0.1:3000/cart", { headers, ...init });
/** A header of the request that the rest of the site gets. */
const passedOn = (answer, name) => answer.headers.get(`x-middleware-request-${name}`);

test("the first page makes a guest, whom the rest of the request already knows", (t) => {
  environment(t, {});
  const answer = createProxy()(page({ cookie: "theme=dark" }));
  const [, id] = answer.headers.get("set-cookie").match(COOKIE);
  assert.equal(passedOn(answer, "cookie"), `farebox_guest=${id}; theme=dark`);
  assert.equal(answer.headers.get("x-middleware-next"), "1");
  const other = createProxy()(page());
  assert.notEqual(other.headers.get("set-cookie"), answer.headers.get("set-cookie"));
});

test("an answer with a guest's cookie is kept by no shared cache", (t) => {
  environment(t, {});
  assert.equal(createProxy()(page()).headers.get("cache-control"), "private, no-cache");
  const cookie = `farebox_guest=${"a".repeat(32)}`;
  const answer = createProxy()(page({ cookie }));
  const { headers } = answer;
  assert.deepEqual([headers.get("set-cookie"), headers.get("cache-control")], [null, null]);
});

test("a forged cookie is replaced, and comes after the new one", (t) => {
  environment(t, {});
  const answer = createProxy()(page({ cookie: "farebox_guest=ada" }));
  const [, id] = answer.headers.get("set-cookie").match(COOKIE);
  assert.equal(passedOn(answer, "cookie"), `farebox_guest=${id}; farebox_guest=ada`);
});

test("a form that another site sends replaces no guest", (t) => {
  environment(t, {});
  for (const method of ["POST", "PUT", "HEAD", "OPTIONS"])
    assert.equal(createProxy()(page({}, { method })).headers.get("set-cookie"), null);
});

test("without guests there is no cookie", (t) => {
  environment(t, {});
  const answer = createProxy({ guests: false })(page());
  assert.equal(answer.headers.get("set-cookie"), null);
  assert.equal(answer.headers.get("x-middleware-next"), "1");
});

test("a proxy of the site's own gets the headers, and gives the answer", (t) => {
  environment(t, { NODE_ENV: "production", FAREBOX_ORIGIN: "https://pay.shop.example" });
  const answer = withGuest(page(), (headers) => {
    headers.set("x-own", "1");
    return NextResponse.rewrite("http://127.0.0.1:3000/other", { request: { headers } });
  });
  assert.match(answer.headers.get("set-cookie"), /^__Host-farebox_guest=[\w-]{32}; .*; Secure$/);
  assert.match(passedOn(answer, "cookie"), /^__Host-farebox_guest=[\w-]{32}$/);
  assert.equal(passedOn(answer, "x-own"), "1");
  assert.equal(answer.headers.get("x-middleware-rewrite"), "http://127.0.0.1:3000/other");
});

/** The sources of a policy by directive. */
const parsed = (policy) =>
  Object.fromEntries(
    policy.split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1)]),
  );

test("each page has the policy with a nonce of its own, in its request as well", (t) => {
  environment(t, { FAREBOX_ORIGIN: "https://pay.shop.example" });
  const proxy = createProxy({ contentSecurityPolicy: true });
  const policies = [proxy(page()), proxy(page())].map((answer) => {
    const policy = answer.headers.get("content-security-policy");
    assert.equal(passedOn(answer, "content-security-policy"), policy);
    return policy;
  });
  assert.notEqual(policies[0], policies[1]);
  const rules = parsed(policies[0]);
  assert.match(rules["script-src"].join(" "), /'nonce-[A-Za-z0-9+/]{24}' 'strict-dynamic'/);
  assert.deepEqual(rules["default-src"], ["'none'"]);
  for (const origin of ["https://js.stripe.com", "https://hooks.stripe.com", "https://*.link.com"])
    assert.ok(rules["frame-src"].includes(origin), origin);
  assert.doesNotMatch(policies[0], /127\.0\.0\.1|localhost|unsafe-eval/);
});

test("the sandbox is allowed where the site is tried, and `eval` in development alone", (t) => {
  const nonce = newNonce();
  environment(t, {});
  const tried = contentSecurityPolicy({ nonce });
  assert.ok(parsed(tried)["frame-src"].includes("http://127.0.0.1:*"));
  assert.doesNotMatch(tried, /unsafe-eval/);
  environment(t, { NODE_ENV: "development" });
  assert.ok(parsed(contentSecurityPolicy({ nonce }))["script-src"].includes("'unsafe-eval'"));
});

test("a policy takes further sources, and nothing that adds a directive", (t) => {
  environment(t, { FAREBOX_ORIGIN: "https://pay.shop.example" });
  const nonce = newNonce();
  const sources = { "img-src": ["https://images.shop.example"], "media-src": ["blob:"] };
  const rules = parsed(contentSecurityPolicy({ nonce, sources }));
  assert.equal(rules["img-src"].at(-1), "https://images.shop.example");
  assert.deepEqual(rules["media-src"], ["'self'", "blob:"]);
  const ancestors = { "frame-ancestors": ["https://app.example"] };
  assert.deepEqual(
    parsed(contentSecurityPolicy({ nonce, sources: ancestors }))["frame-ancestors"],
    ["https://app.example"],
  );
  for (const wrong of [{ "img-src": ["a; script-src *"] }, { "img-src x": ["a"] }, { a: ["b,c"] }])
    assert.throws(() => contentSecurityPolicy({ nonce, sources: wrong }), TypeError);
  for (const bad of ["", "short", "x".repeat(20) + "'", "x".repeat(20) + ";"])
    assert.throws(() => contentSecurityPolicy({ nonce: bad }), TypeError);
});
