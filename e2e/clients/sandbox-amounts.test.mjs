// The sandbox with stripe-node: sessions with a code, tax and shipping, and a free one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sandbox } from "./sandbox.mjs";

const success_url = "http://127.0.0.1/done";
const berlin = { line1: "Torstr. 1", postal_code: "10119", city: "Berlin", country: "DE" };

/** A mug with tax inside its price, and one without. */
const mugs = ["inclusive", "exclusive"].map((tax_behavior) => ({
  quantity: 1,
  price_data: {
    currency: "eur",
    unit_amount: 1190,
    tax_behavior,
    product_data: { name: "Mug", tax_code: "txcd_99999999" },
  },
}));

const parcel = {
  display_name: "Parcel",
  type: "fixed_amount",
  fixed_amount: { amount: 500, currency: "eur" },
  tax_behavior: "exclusive",
  delivery_estimate: { maximum: { unit: "business_day", value: 3 } },
};

/** Creates a code of a coupon. */
async function promotion(stripe, coupon, code) {
  const { id } = await stripe.coupons.create({ duration: "once", ...coupon });
  return stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: id }, code });
}

/** A form's fields from nested entries: `shipping[address][city]`. */
const fields = (entries, prefix) =>
  Object.entries(entries).flatMap(([key, value]) => {
    const name = prefix ? `${prefix}[${key}]` : key;
    return typeof value === "object" ? fields(value, name) : [[name, value]];
  });

test("a session with a code, tax and shipping is one payment of all of it", async (t) => {
  const { stripe, event, control } = await sandbox(t);
  const code = await promotion(stripe, { percent_off: 10 }, "TENTH");
  const rate = await stripe.shippingRates.create(parcel);
  const made = await stripe.checkout.sessions.create({
    mode: "payment",
    line_items: mugs,
    success_url,
    allow_promotion_codes: true,
    automatic_tax: { enabled: true },
    shipping_address_collection: { allowed_countries: ["DE", "AT"] },
    shipping_options: [{ shipping_rate: rate.id }, { shipping_rate_data: parcel }],
  });
  assert.equal(made.amount_total, 2 * 1190 + 500);

  const wrong = await control(`checkout/sessions/${made.id}/pay`, { promotion_code: "NINTH" });
  assert.equal(wrong.error.param, "promotion_code");
  const entries = {
    payment_method: "pm_card_visa",
    promotion_code: "tenth",
    shipping_rate: made.shipping_options[1].shipping_rate,
    email: "ada@example.com",
    name: "Ada",
    shipping: { name: "Ada", address: berlin },
  };
  await control(`checkout/sessions/${made.id}/pay`, fields(entries));

  const told = (await event("checkout.session.completed")).data.object;
  // 19 % inside one mug's 10.71, and added to the other's and to the parcel.
  assert.deepEqual(told.total_details, {
    amount_discount: 238,
    amount_shipping: 500,
    amount_tax: 171 + 203 + 95,
  });
  assert.equal(told.amount_subtotal, 2380);
  assert.equal(told.amount_total, 2380 - 238 + 500 + 203 + 95);
  assert.equal(told.collected_information.shipping_details.address.city, "Berlin");
  assert.deepEqual(told.discounts, [{ coupon: null, promotion_code: code.id }]);
  const expand = ["payment_intent.latest_charge", "shipping_cost.shipping_rate"];
  const paid = await stripe.checkout.sessions.retrieve(made.id, { expand });
  assert.equal(paid.payment_intent.amount_received, told.amount_total);
  assert.equal(paid.payment_intent.latest_charge.billing_details.email, "ada@example.com");
  assert.equal(paid.shipping_cost.shipping_rate.display_name, "Parcel");
  const { data } = await stripe.promotionCodes.list({ code: "TENTH" });
  assert.equal(data[0].times_redeemed, 1);
});

test("a session that a coupon makes free has no payment", async (t) => {
  const { stripe, event, control } = await sandbox(t);
  const coupon = await stripe.coupons.create({ percent_off: 100 });
  const made = await stripe.checkout.sessions.create({
    mode: "payment",
    line_items: mugs,
    success_url,
    discounts: [{ coupon: coupon.id }],
  });

  await control(`checkout/sessions/${made.id}/pay`, { email: "ada@example.com" });

  const told = (await event("checkout.session.completed")).data.object;
  assert.deepEqual(
    [told.amount_total, told.payment_status, told.payment_intent],
    [0, "no_payment_required", null],
  );
  assert.equal((await stripe.customers.retrieve(told.customer)).email, "ada@example.com");
});

test("stripe-node is refused a discount beside a field for codes", async (t) => {
  const { stripe } = await sandbox(t);
  const coupon = await stripe.coupons.create({ amount_off: 100, currency: "eur" });
  const both = stripe.checkout.sessions.create({
    mode: "payment",
    line_items: mugs,
    success_url,
    allow_promotion_codes: true,
    discounts: [{ coupon: coupon.id }],
  });
  await assert.rejects(both, { type: "StripeInvalidRequestError", param: "allow_promotion_codes" });
});
