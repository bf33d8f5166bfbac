// A shop in Node whose Checkout Sessions have codes, tax and shipping: from the signed order to the
// notification.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Lifetime } from "./program.mjs";
import { open, return_url, signed } from "./shop.mjs";

const lifetime = new Lifetime();
const berlin = { line1: "Torstr. 1", postal_code: "10119", city: "Berlin", country: "DE" };
const ada = { email: "ada@example.com", name: "Ada Lovelace" };

/** A shipping option whose rate Checkout makes. */
const delivery = (display_name, amount) => {
  const fixed_amount = { amount, currency: "eur" };
  const tax_behavior = "exclusive";
  return { shipping_rate_data: { display_name, type: "fixed_amount", fixed_amount, tax_behavior } };
};

const OPTIONS = {
  allow_promotion_codes: true,
  automatic_tax: { enabled: true },
  customer_update: { address: "auto", shipping: "auto" },
  shipping_address_collection: { allowed_countries: ["DE", "AT"] },
  shipping_options: [delivery("Parcel", 500)],
};
const lines = [
  { name: "Mug", amount: 1500, quantity: 2, taxBehavior: "exclusive" },
  { name: "Book", amount: 1070, quantity: 1, taxBehavior: "inclusive" },
];
const urls = { successUrl: return_url, cancelUrl: return_url };
let shop;

/** Creates a code of a coupon. */
async function promotion(coupon, code) {
  const { id } = await shop.stripe.coupons.create({ duration: "once", ...coupon });
  return shop.stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: id }, code });
}

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "farebox-"));
  lifetime.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "checkout.json");
  await writeFile(file, JSON.stringify(OPTIONS));
  shop = await open(lifetime, { FAREBOX_CHECKOUT: file });
  await promotion({ percent_off: 10 }, "TENTH");
  await promotion({ percent_off: 100 }, "GIFT");
});
after(() => lifetime.end());

/** Opens hosted Checkout for a signed order; returns the session. */
async function checkout(claims) {
  const order = await signed({ currency: "eur", lines, ...claims });
  const { status, body } = await shop.call("/api/create-checkout", { order, ...urls });
  assert.equal(status, 200, JSON.stringify(body));
  const { data } = await shop.stripe.checkout.sessions.list();
  return data.find(({ url }) => url === body.url);
}

test("a hosted order with code, tax and shipping notifies of its parts and its payer", async () => {
  const session = await checkout({ orderId: "full-1" });
  const entries = { payment_method: "pm_card_visa", promotion_code: "TENTH", ...ada };
  const shipping = { name: "Ada", address: berlin };

  await shop.tell(`checkout/sessions/${session.id}/pay`, { ...entries, shipping });
  const { data } = await shop.told("order.paid", "full-1");

  const paid = await shop.stripe.checkout.sessions.retrieve(session.id);
  // 19 % is added to 27.00 for the mugs and to 5.00 for the parcel, and inside 9.63 for the book.
  const [subtotal, discount, added, inside] = [4070, 407, 513 + 95, 154];
  const total = subtotal - discount + 500 + added;
  assert.equal(paid.amount_total, total);
  assert.deepEqual(data.amounts, {
    subtotal,
    discount,
    tax: added + inside,
    shipping: 500,
    total,
    refunded: 0,
    refundPending: 0,
    disputed: 0,
  });
  assert.equal(data.amount, total);
  assert.deepEqual([data.payer.email, data.payer.name], [ada.email, ada.name]);
  assert.deepEqual([data.shipping.name, data.shipping.address.city], ["Ada", "Berlin"]);
  assert.deepEqual(data.items.map(({ name, quantity }) => [name, quantity]), [
    ["Mug", 2],
    ["Book", 1],
  ]);
  const intent = await shop.stripe.paymentIntents.retrieve(data.paymentIntent);
  assert.equal(intent.amount_received, total);
});

test("a hosted order whose code pays for everything is paid without a payment intent", async () => {
  const book = [{ name: "Book", amount: 1070, quantity: 1 }];
  const options = { shipping_options: [delivery("Letter", 0)] };
  const session = await checkout({ orderId: "gift-1", lines: book, checkout: options });
  const shipping = { name: "Ada", address: berlin };

  await shop.tell(`checkout/sessions/${session.id}/pay`, {
    promotion_code: "GIFT",
    ...ada,
    shipping,
  });
  const { data } = await shop.told("order.paid", "gift-1");

  assert.deepEqual([data.amount, data.paymentIntent, data.amounts.discount], [0, null, 1070]);
  const paid = await shop.stripe.checkout.sessions.retrieve(session.id);
  assert.deepEqual([paid.payment_status, paid.amount_total], ["no_payment_required", 0]);
});
