// The rules of the components, without a browser: what is said of the money, keys, URLs and
// patience.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FareboxError } from "farebox";
import { english, minorUnits, money, plain, resumeOrder } from "farebox/react";
import { canonical, cartNamed, cartsOf, forget, hold, noteOrder } from "../dist/react/cart.js";
import { declineOf } from "../dist/react/declines.js";
import { isTaken, messageOf, outcomeOf, stateOf } from "../dist/react/outcome.js";
import { toldBy, withoutSecret } from "../dist/react/return-url.js";
import { send, Unreachable } from "../dist/react/send.js";
import { contentsOf, startIntent } from "../dist/react/start.js";
import { isTrusted } from "../dist/react/stripe.js";
import { troubleOf } from "../dist/react/trouble.js";
import { isRefused } from "../dist/react/unanswered.js";
import { pauseAfter } from "../dist/react/watch.js";

const STATUSES = [
  "created",
  "requires_action",
  "processing",
  "authorized",
  "failed",
  "canceled",
  "expired",
  "paid",
  "partially_refunded",
  "refunded",
  "disputed",
  "dispute_won",
  "dispute_lost",
];

const order = (more = {}) => ({
  orderId: "ord_1",
  status: "created",
  amount: 1500,
  currency: "usd",
  items: [{ price: "mug", quantity: 1, unitAmount: 1500 }],
  refundedAmount: 0,
  refundPendingAmount: 0,
  ...more,
});

const refusal = (code, status = 409, headers = {}) =>
  new FareboxError(new Response(null, { status, headers }), {
    error: { code, message: "the reason is this", requestId: "req_1" },
  });

/** Answers each request of a test by `answers`, in turn; returns the requests. */
function answering(t, ...answers) {
  const sent = [];
  t.mock.method(globalThis, "fetch", async (url, init) => {
    sent.push({ url, ...init });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return answer.clone();
  });
  return sent;
}

const json = (body, init) => new Response(JSON.stringify(body), init);
const error = (code, status, headers) =>
  json({ error: { code, message: "no", requestId: "req_1" } }, { status, headers });

test("an order's status decides its state, and a hint only while it is open", () => {
  const states = (hint) =>
    STATUSES.map((status) => stateOf(outcomeOf(order({ status }), hint))).join(" ");
  const ends = "canceled expired paid refunded refunded disputed paid disputed";
  assert.equal(states(null), `waiting waiting waiting authorized failed ${ends}`);
  assert.equal(states("succeeded"), `waiting waiting waiting authorized waiting ${ends}`);
  assert.equal(states("failed"), `failed failed waiting authorized failed ${ends}`);
  const awaiting = { kind: "voucher", until: 1 };
  const voucher = order({ status: "requires_action", awaiting });
  assert.equal(outcomeOf(voucher, "failed"), "awaiting");
});

test("only a known decline says that nothing was charged", () => {
  const said = (error) => declineOf(error, english.declines);
  for (const error of [
    { type: "card_error", code: "card_declined", decline_code: "insufficient_funds" },
    { type: "card_error", code: "card_declined", decline_code: "lost_card" },
    { type: "invalid_request_error", code: "payment_intent_authentication_failure" },
  ])
    assert.match(said(error), /Nothing was charged/);
  assert.doesNotMatch(said({ type: "card_error", decline_code: "lost_card" }), /lost/);
  for (const error of [{ type: "api_error" }, { type: "api_connection_error" }])
    assert.match(said(error), /may have gone through or not/);
});

test("no state of an open order says that it failed for good, or that nothing was charged", () => {
  const shown = { locale: "en", isLong: false, now: 0 };
  for (const status of ["created", "requires_action", "processing", "failed"])
    for (const hint of [null, "succeeded", "failed"]) {
      const of = order({ status });
      const message = messageOf(outcomeOf(of, hint), of, english.order, shown);
      assert.match(message, /confirm/, `${status} ${hint}`);
      assert.doesNotMatch(message, /nothing was charged|not paid/i);
    }
});

test("a message has the amounts and the times of the order", () => {
  const shown = { locale: "en", isLong: false, now: 2_000_000_000_000 };
  const said = (of) => messageOf(outcomeOf(of, null), of, english.order, shown);
  assert.equal(
    said(order({ status: "partially_refunded", refundedAmount: 500, refundPendingAmount: 100 })),
    "This order was paid. Since then $5.00 of it was refunded. A refund of $1.00 is pending.",
  );
  assert.match(said(order({ status: "authorized" })), /^Your payment of \$15\.00 is held/);
  const awaiting = { kind: "bank_transfer", until: 1_900_000_000 };
  assert.match(said(order({ awaiting })), /^We were waiting for your bank transfer, until March/);
  const plan = [{ price: "pro", quantity: 1, recurring: { interval: "month", intervalCount: 1 } }];
  assert.equal(said(order({ status: "paid", items: plan })), "Your plan has begun.");
});

test("an answer that is missing leaves the result open, and a refusal does not", () => {
  const said = (error, doing) => troubleOf(error, doing, english.errors);
  for (const doing of ["payment", "refund", "capture", "cancel", "change"]) {
    const open = english.errors.open[doing];
    for (const error of [new Unreachable(), refusal("internal", 500), refusal("odd", 502)])
      assert.ok(said(error, doing).text.endsWith(open), doing);
    assert.ok(said(refusal("in_progress"), doing).text.endsWith(open));
    assert.ok(!said(refusal("forbidden", 403), doing).text.includes(open));
  }
  assert.equal(said(refusal("refund_limit", 403), "refund").code, "refund_limit · req_1");
  assert.equal(said(refusal("new_code"), "refund").text, "The reason is this.");
  assert.equal(said(refusal("not_found", 404), "change").text, "This plan does not exist.");
  const limited = refusal("too_many_payments", 429, { "retry-after": "600" });
  assert.match(said(limited, "start").text, /your cart is saved: try again in 10 minutes\.$/);
  assert.equal(said(new Unreachable("run `cargo dev`"), "start").hint, "run `cargo dev`");
});

test("a refund is over only by an answer about it", () => {
  for (const code of ["refund_refused", "refund_limit", "refund_needs_email"])
    assert.deepEqual(
      [isRefused(refusal(code), true), isRefused(refusal(code), false)],
      [true, true],
    );
  // Of an earlier request under its key, these say nothing.
  for (const code of ["unauthenticated", "forbidden", "not_found"])
    assert.deepEqual(
      [isRefused(refusal(code), true), isRefused(refusal(code), false)],
      [true, false],
    );
  for (const error of [refusal("in_progress"), refusal("internal", 500), new Unreachable()])
    assert.equal(isRefused(error, true), false);
});

test("an order is looked at often, then seldom, and not after its end", () => {
  const open = { order: order() };
  assert.deepEqual([1, 30, 31, 150].map((looks) => pauseAfter(looks, open)), [
    1000,
    1000,
    1250,
    null,
  ]);
  assert.equal(pauseAfter(100, open), 30_000);
  const awaiting = { kind: "voucher", until: 1 };
  assert.equal(pauseAfter(1, { order: order({ awaiting }) }), 30_000);
  assert.equal(pauseAfter(1, { order: order({ status: "paid" }) }), null);
  assert.equal(pauseAfter(1, { error: refusal("not_found", 404) }), null);
  assert.equal(pauseAfter(1, { error: new Unreachable() }), 1000);
  const limited = refusal("too_many_requests", 429, { "retry-after": "20" });
  assert.equal(pauseAfter(1, { error: limited }), 20_000);
});

test("the cart is done once its order is paid, or its payment is under way", () => {
  const done = STATUSES.filter((status) => isTaken(order({ status })));
  const not = ["created", "requires_action", "failed", "canceled", "expired"];
  assert.deepEqual(
    done,
    STATUSES.filter((status) => !not.includes(status)),
  );
  assert.ok(isTaken(order({ status: "requires_action", awaiting: { kind: "voucher" } })));
});

test("the same contents have one key, and others another key and the same order", async () => {
  const cart = cartNamed("keys");
  const two = { price: "mug", quantity: 2 };
  const mugs = contentsOf({ items: [two, { price: "shirt" }] });
  const same = contentsOf({ items: [{ price: "shirt", quantity: 1 }, two] });
  assert.equal(mugs, same);
  const first = await hold(cart, "keys", mugs);
  assert.match(first.key, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  assert.equal((await hold(cart, "keys", same)).key, first.key);
  noteOrder(cart, first.key, "ord_1");
  const other = await hold(cart, "keys", contentsOf({ items: [{ price: "mug" }] }));
  assert.notEqual(other.key, first.key);
  assert.equal(other.orderId, "ord_1");
  assert.equal(forget(cart, "ord_2"), false);
  assert.equal(forget(cart, "ord_1"), true);
  assert.equal(cart.read().orderId, null);
  resumeOrder({ orderId: "ord_3" }, "keys");
  assert.equal((await hold(cart, "keys", mugs)).orderId, "ord_3");
  assert.deepEqual(canonical([{ price: "mug" }]), [{ price: "mug", quantity: 1 }]);
});

test("an order that is only signed anew is the same payment, and keeps the form", () => {
  const part = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");
  const signed = (claims) => contentsOf({ order: `${part({ alg: "HS256" })}.${part(claims)}.x` });
  const claims = { orderId: "booking-1042", sub: "ada", amount: 8900, description: "Zürich ☕" };
  const first = signed({ ...claims, iat: 1795303196, exp: 1795304096 });
  assert.equal(signed({ ...claims, iat: 1795303200, exp: 1795304100 }), first);
  const others = [{ amount: 8901 }, { orderId: "booking-1043" }, { sub: "eve" }, { version: 2 }];
  for (const other of others)
    assert.notEqual(signed({ ...claims, ...other, iat: 1795303196, exp: 1795304096 }), first);
  for (const odd of ["", "no token", "a.b.c", `a.${part(null)}.c`])
    assert.equal(contentsOf({ order: odd }), odd);
});

test("two effects are one request, and a gone order is followed by a new one", async (t) => {
  const items = [{ price: "mug", quantity: 1 }];
  const wanted = { items, cart: "once" };
  resumeOrder({ orderId: "ord_gone" }, "once");
  const created = { orderId: "ord_new", clientSecret: "pi_secret", publishableKey: "pk_test_1" };
  const sent = answering(t, error("order_expired", 409), json(created));
  const [one, other] = await Promise.all([
    startIntent("/api/payments", wanted),
    startIntent("/api/payments", wanted),
  ]);
  assert.equal(one, other);
  assert.equal(one.orderId, "ord_new");
  const bodies = sent.map(({ body }) => JSON.parse(body));
  assert.deepEqual(bodies, [{ items, orderId: "ord_gone" }, { items }]);
  const keys = sent.map(({ headers }) => headers["idempotency-key"]);
  assert.notEqual(keys[0], keys[1]);
  assert.equal(cartNamed("once").read().orderId, "ord_new");
});

test("a guest's payment is not made again by the user who they are by now", async (t) => {
  const items = [{ price: "mug", quantity: 1 }];
  const started = async (cart, ...answers) => {
    resumeOrder({ orderId: "ord_guest" }, cart);
    const sent = answering(t, error("not_found", 404), ...answers);
    const result = await startIntent("/api", { items, cart }).catch((error) => error);
    t.mock.restoreAll();
    return { result, requests: sent.map(({ method }) => method).join(" ") };
  };
  for (const more of [{ status: "processing" }, { status: "paid" }])
    assert.deepEqual(await started(more.status, json(order({ orderId: "ord_guest", ...more }))), {
      result: { settled: "ord_guest" },
      requests: "POST GET",
    });
  const unknown = await started("unknown", new TypeError("no network"));
  assert.ok(unknown.result instanceof Unreachable);
  assert.equal(unknown.requests, "POST GET");

  const created = { orderId: "ord_new", clientSecret: "pi_secret", publishableKey: "pk_test_1" };
  for (const open of [json(order()), error("not_found", 404)]) {
    const { result, requests } = await started(`open ${open.status}`, open, json(created));
    assert.deepEqual([result.orderId, requests], ["ord_new", "POST GET POST"]);
  }
});

test("a paid order is its cart's, whatever the cart's name", async () => {
  for (const [name, orderId] of [[undefined, "ord_a"], ["gifts", "ord_b"]]) {
    const cart = cartNamed(name);
    noteOrder(cart, (await hold(cart, name ?? "cart", "[]")).key, orderId);
  }
  assert.deepEqual(cartsOf("ord_b"), [cartNamed("gifts")]);
  assert.deepEqual(cartsOf("ord_a"), [cartNamed()]);
  assert.deepEqual(cartsOf("ord_c"), []);
});

test("an order that is paid already is a result, and a key is not asked for ever", async (t) => {
  const wanted = { items: [{ price: "mug" }], cart: "paid" };
  const told = { code: "order_already_paid", message: "no", requestId: "r", orderId: "ord_paid" };
  answering(t, json({ error: told }, { status: 409 }));
  assert.deepEqual(await startIntent("/api", wanted), { settled: "ord_paid" });
  t.mock.restoreAll();
  const sent = answering(t, error("idempotency_key_reused", 409));
  await assert.rejects(startIntent("/api", { ...wanted, cart: "taken" }), FareboxError);
  assert.equal(new Set(sent.map(({ headers }) => headers["idempotency-key"])).size, 3);
});

test("a request is sent again by Retry-After, with the same key and body", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent = answering(t, error("in_progress", 409, { "retry-after": "1" }), json({ id: 1 }));
  const asked = send("/api/payments/", "refund", { key: "k", body: { orderId: "o" } });
  while (sent.length < 2) {
    await new Promise(setImmediate);
    t.mock.timers.tick(1000);
  }
  assert.equal((await asked).text, '{"id":1}');
  const [one, other] = sent.map(({ url, headers, body }) => ({ url, headers, body }));
  assert.deepEqual(one, other);
  assert.equal(one.url, "/api/payments/refund");
});

test("a long wait, a refusal and a lost answer are not repeated by themselves", async (t) => {
  for (const [answer, wanted] of [
    [error("too_many_payments", 429, { "retry-after": "60" }), { code: "too_many_payments" }],
    [error("forbidden", 403), { code: "forbidden" }],
    [new TypeError("Failed to fetch"), { name: "Unreachable" }],
    [new Response("<h1>Bad gateway</h1>", { status: 502 }), { name: "Unreachable" }],
    [error("not_configured", 503), { name: "Unreachable", hint: "no" }],
  ]) {
    const sent = answering(t, answer);
    await assert.rejects(send("/api", "order", { query: { id: "o 1", refresh: true } }), wanted);
    assert.deepEqual(sent.map(({ url }) => url), ["/api/order?id=o+1&refresh=true"]);
    t.mock.restoreAll();
  }
});

test("a stand-in for Stripe.js is loaded only where page and script are on one machine", () => {
  const here = "http://127.0.0.1:4242/endive/stripe.js";
  for (const page of ["localhost", "127.0.0.1", "127.0.0.2", "[::1]"])
    assert.ok(isTrusted(here, page), page);
  for (const page of ["shop.example", "localhost.example", "127.0.0.1.example", ""])
    assert.equal(isTrusted(here, page), false, page);
  for (const script of [
    "https://evil.example/stripe.js",
    "https://127.0.0.1.evil.example/stripe.js",
    "//127.0.0.1/stripe.js",
    "javascript:alert(1)",
    "data:text/javascript,1",
    "",
  ])
    assert.equal(isTrusted(script, "localhost"), false, script);
});

test("the return page's URL keeps the order, the hint and the site's own query", () => {
  const url = "https://shop.example/thanks?order=o_1&from=mail&redirect_status=succeeded";
  const stripes = "&payment_intent=pi_1&payment_intent_client_secret=pi_1_secret_2";
  assert.equal(withoutSecret(url + stripes), url);
  assert.equal(withoutSecret(url), null);
  assert.deepEqual(toldBy(new URL(url).search), { id: "o_1", hint: "succeeded" });
  assert.deepEqual(toldBy("?order=&redirect_status=pending"), { id: null, hint: null });
});

test("amounts are formatted and parsed without floats, by the currency's decimals", () => {
  const amount = (minor, currency, locale) => money(minor, currency, locale).replace(/\s/g, " ");
  assert.equal(amount(1500, "usd", "en"), "$15.00");
  assert.equal(amount(1500, "eur", "de"), "15,00 €");
  assert.equal(amount(1500, "jpy", "en"), "¥1,500");
  assert.equal(amount(1500, "kwd", "en"), "KWD 1.500");
  assert.equal(amount(1500, "isk", "en"), "ISK 15.00");
  for (const currency of ["usd", "jpy", "kwd"])
    for (const minor of [0, 1, 99, 100, 1999, 123456])
      assert.equal(minorUnits(plain(minor, currency), currency), minor);
  assert.equal(minorUnits("15,5", "usd"), 1550);
  for (const text of ["", "1.234", "-1", "1e3", "1,2,3", "x"])
    assert.equal(minorUnits(text, "usd"), null, text);
});
