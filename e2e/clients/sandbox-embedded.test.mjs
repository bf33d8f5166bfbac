// The sandbox with stripe-node: Checkout Sessions in a page of the shop's own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { return_url, sandbox } from "./sandbox.mjs";

/** Creates a session for two mugs. */
const session = (stripe, more) =>
  stripe.checkout.sessions.create({
    mode: "payment",
    line_items: [
      {
        price_data: { currency: "usd", unit_amount: 1500, product_data: { name: "Mug" } },
        quantity: 2,
      },
    ],
    ...more,
  });

for (const ui_mode of ["embedded_page", "elements"]) {
  test(`stripe-node opens a session with the ui_mode ${ui_mode}`, async (t) => {
    const { stripe } = await sandbox(t);

    const made = await session(stripe, { ui_mode, return_url });

    assert.equal(made.ui_mode, ui_mode);
    assert.equal(made.url, null);
    assert.equal(made.return_url, return_url);
    assert.ok(made.client_secret.startsWith(`${made.id}_secret_`));
    const again = await stripe.checkout.sessions.retrieve(made.id);
    assert.equal(again.client_secret, made.client_secret);
    const urls = { ui_mode, return_url, success_url: return_url };
    await assert.rejects(session(stripe, urls), {
      type: "StripeInvalidRequestError",
      param: "success_url",
    });
    await assert.rejects(session(stripe, { ui_mode }), {
      code: "parameter_missing",
      param: "return_url",
    });
  });
}

test("a browser pays a session of the shop's own form by its client secret", async (t) => {
  const { stripe, url, event } = await sandbox(t);
  const made = await session(stripe, {
    ui_mode: "elements",
    return_url,
    payment_intent_data: { capture_method: "manual" },
  });

  const response = await fetch(`${url}/v1/payment_pages/${made.id}/confirm`, {
    method: "POST",
    body: new URLSearchParams({
      key: "pk_test_page",
      client_secret: made.client_secret,
      email: "ada@example.com",
      payment_method: "pm_card_visa",
    }),
  });

  assert.equal(response.status, 200);
  const told = (await event("checkout.session.completed")).data.object;
  assert.deepEqual([told.id, told.payment_status], [made.id, "unpaid"]);
  await stripe.paymentIntents.capture(told.payment_intent);
  const paid = await stripe.checkout.sessions.retrieve(made.id);
  assert.equal(paid.payment_status, "paid");
});
