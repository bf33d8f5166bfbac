// The sandbox with Stripe's command line: `stripe trigger` runs Stripe's own request sequences.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { start } from "./program.mjs";

const KEY = "sk_test_clients0123456789";

/** The pinned program is for this platform only. */
const PLATFORM = "linux-x64";
const here = `${process.platform}-${process.arch}`;
const skip = here !== PLATFORM && `the pinned Stripe command line is for ${PLATFORM}, not ${here}`;

/** The official program, in its npm package. */
function program() {
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve(`@stripe/cli-${PLATFORM}/package.json`)), "bin", "stripe");
}

/** The timeout of a step. */
const PATIENCE_MS = 20_000;

/**
 * Runs `stripe trigger` and waits for the event; returns the types of the sandbox's events, newest
 * first.
 */
async function trigger(t, event) {
  const flags = ["--port", "0", "--settle-after", "0"];
  const { url } = await start(t, "stripe-sandbox", flags, { url: /(http:\S+)/ });
  const home = await mkdtemp(join(tmpdir(), "farebox-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const variables = { HOME: home, XDG_CONFIG_HOME: home, STRIPE_CLI_TELEMETRY_OPTOUT: "1" };
  const args = ["trigger", event, "--api-base", url, "--api-key", KEY];
  // Rejects, and so fails the test, when the exit code is not 0.
  await promisify(execFile)(program(), args, { cwd: home, env: variables, timeout: PATIENCE_MS });
  const headers = { authorization: `Bearer ${KEY}` };
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const events = await (await fetch(`${url}/v1/events?limit=100`, { headers })).json();
    const types = events.data.map(({ type }) => type);
    if (types.includes(event)) return types;
    assert.ok(Date.now() < deadline, `${event} is not in ${types}`);
  }
}

test("stripe trigger payment_intent.succeeded pays", { skip }, async (t) => {
  assert.deepEqual(await trigger(t, "payment_intent.succeeded"), [
    "payment_intent.succeeded",
    "charge.succeeded",
    "payment_intent.created",
  ]);
});

test("stripe trigger payment_intent.payment_failed is declined", { skip }, async (t) => {
  assert.deepEqual(await trigger(t, "payment_intent.payment_failed"), [
    "payment_intent.payment_failed",
    "charge.failed",
    "payment_intent.created",
  ]);
});

test("stripe trigger charge.refunded pays and refunds", { skip }, async (t) => {
  const types = await trigger(t, "charge.refunded");
  for (const type of ["payment_intent.succeeded", "refund.created", "charge.refunded"]) {
    assert.ok(types.includes(type), `${type} is not in ${types}`);
  }
});

for (const event of [
  "checkout.session.completed",
  "checkout.session.async_payment_succeeded",
  "checkout.session.async_payment_failed",
  "checkout.session.expired",
  "coupon.created",
  "coupon.deleted",
  "coupon.updated",
  "promotion_code.created",
  "promotion_code.updated",
  "setup_intent.succeeded",
  "payment_intent.amount_capturable_updated",
  "payment_intent.canceled",
  "charge.captured",
  "payment_method.attached",
  "payment_method.detached",
  "charge.dispute.created",
  "charge.dispute.closed",
  "customer.subscription.created",
  "customer.subscription.updated",
  "customer.subscription.deleted",
  "customer.subscription.trial_will_end",
  "customer.subscription.paused",
  "invoice.created",
  "invoice.finalized",
  "invoice.updated",
  "invoice.paid",
  "invoice.payment_succeeded",
  "invoice.payment_failed",
  "invoice.payment_action_required",
  "invoice.voided",
  "invoice.marked_uncollectible",
  "invoiceitem.created",
]) {
  test(`stripe trigger ${event} makes that event`, { skip }, (t) => trigger(t, event));
}
