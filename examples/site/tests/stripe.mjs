// The sandbox: its objects and its control routes.

import { KEYS } from "./processes.mjs";

/** Stripe, with the shop's secret key. */
export class Stripe {
  #url;
  constructor(url) {
    this.#url = url;
  }

  async #get(path) {
    const response = await fetch(this.#url + path, {
      headers: { authorization: `Bearer ${KEYS.STRIPE_SECRET_KEY}` },
    });
    return response.json();
  }

  async #post(path, params) {
    const headers = { authorization: `Bearer ${KEYS.STRIPE_SECRET_KEY}` };
    const response = await fetch(this.#url + path, {
      method: "POST",
      headers,
      body: new URLSearchParams(params),
    });
    if (!response.ok)
      throw new Error(`the sandbox answered ${response.status}: ${await response.text()}`);
    return response.json();
  }

  /**
   * The payer chooses a method whose money comes later, `customer_balance` or a voucher; answers
   * the payment.
   */
  async payLater(orderId, type) {
    const [{ id }] = await this.intents(orderId);
    const { id: method } = await this.#post("/v1/payment_methods", { type });
    return this.#post(`/v1/payment_intents/${id}/confirm`, {
      payment_method: method,
      return_url: "http://127.0.0.1/",
    });
  }

  /** The payer pays by card; the browser has no part in it. */
  async payByCard(orderId) {
    const [{ id }] = await this.intents(orderId);
    await this.#post(`/v1/payment_intents/${id}/confirm`, {
      payment_method: "pm_card_visa",
      return_url: "http://127.0.0.1/",
    });
  }

  /** Completes the delayed payment, or with `failure` fails it. */
  async settle(orderId, outcome = "success") {
    const [{ id }] = await this.intents(orderId);
    await this.tell(`payment_intents/${id}/settle`, { outcome });
  }

  /** Creates a promotion code of a new coupon. */
  async promotionCode(code, percent_off) {
    const { id: coupon } = await this.#post("/v1/coupons", { percent_off });
    const of = { "promotion[type]": "coupon", "promotion[coupon]": coupon };
    await this.#post("/v1/promotion_codes", { code, ...of });
  }

  async tell(path, params = {}) {
    const response = await fetch(`${this.#url}/_sandbox/${path}`, {
      method: "POST",
      body: new URLSearchParams(params),
    });
    if (!response.ok) {
      throw new Error(`the sandbox answered ${response.status}: ${await response.text()}`);
    }
  }

  /** All payments of the order. */
  async intents(orderId) {
    const { data } = await this.#get("/v1/payment_intents?limit=100");
    return data.filter(({ metadata }) => metadata.farebox_order === orderId);
  }

  /** The number of all payments. */
  async total() {
    return (await this.#get("/v1/payment_intents?limit=100")).data.length;
  }

  /** The successful charges of the order. */
  async charges(orderId) {
    const ids = (await this.intents(orderId)).map(({ id }) => id);
    const { data } = await this.#get("/v1/charges?limit=100");
    return data.filter((charge) => ids.includes(charge.payment_intent) && charge.paid);
  }

  async refunds(orderId) {
    const ids = (await this.intents(orderId)).map(({ id }) => id);
    const { data } = await this.#get("/v1/refunds?limit=100");
    return data.filter((refund) => ids.includes(refund.payment_intent));
  }
}
