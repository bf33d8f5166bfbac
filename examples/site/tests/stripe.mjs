// The sandbox: its objects and its control routes.

import { KEYS } from "./processes.mjs";

/** The prices of the site's plans, by product. */
const PLANS = {
  Pro: [
    { lookup_key: "pro_monthly", unit_amount: 1900, interval: "month" },
    { lookup_key: "pro_yearly", unit_amount: 19000, interval: "year" },
  ],
  Team: [{ lookup_key: "team_monthly", unit_amount: 4900, interval: "month" }],
};

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

  /** Creates the site's plans, as far as the sandbox has none of these prices. */
  async plans() {
    const known = (await this.#get("/v1/prices?limit=100")).data.map((price) => price.lookup_key);
    for (const [name, prices] of Object.entries(PLANS)) {
      const missing = prices.filter(({ lookup_key }) => !known.includes(lookup_key));
      if (missing.length === 0) continue;
      const { id: product } = await this.#post("/v1/products", { name });
      for (const { interval, ...price } of missing)
        await this.#post("/v1/prices", {
          product,
          currency: "usd",
          "recurring[interval]": interval,
          ...price,
        });
    }
  }

  /** Creates a meter of this event name, which sums values; answers its id. */
  async meter(name) {
    const { id } = await this.#post("/v1/billing/meters", {
      display_name: name,
      event_name: name,
      "default_aggregation[formula]": "sum",
    });
    return id;
  }

  /** The sum of a customer's usage at a meter. */
  async usage(meter, customer) {
    const minute = 60;
    const now = Math.floor(Date.now() / 1000 / minute) * minute;
    const times = { start_time: now - 60 * minute, end_time: now + 10 * minute };
    const query = new URLSearchParams({ customer, ...times });
    const { data } = await this.#get(`/v1/billing/meters/${meter}/event_summaries?${query}`);
    return data.reduce((sum, { aggregated_value }) => sum + aggregated_value, 0);
  }

  /** All subscriptions, the latest first. */
  async subscriptions() {
    return (await this.#get("/v1/subscriptions?status=all&limit=100")).data;
  }

  /** Changes a subscription, as in the dashboard. */
  changeSubscription(id, params) {
    return this.#post(`/v1/subscriptions/${id}`, params);
  }

  /** Ends a subscription now, as in the dashboard. */
  async endSubscription(id) {
    const headers = { authorization: `Bearer ${KEYS.STRIPE_SECRET_KEY}` };
    const response = await fetch(`${this.#url}/v1/subscriptions/${id}`, {
      method: "DELETE",
      headers,
    });
    if (!response.ok) throw new Error(`the sandbox answered ${response.status}`);
  }

  /** From now on a card that the bank declines pays a subscription. */
  declineRenewals(subscription) {
    return this.#payBy(subscription, "pm_card_chargeCustomerFail");
  }

  /** From now on the bank asks the payer before each payment of a subscription. */
  askTheBank(subscription) {
    return this.#payBy(subscription, "pm_card_authenticationRequired");
  }

  async #payBy({ id, customer }, method) {
    const card = await this.#post(`/v1/payment_methods/${method}/attach`, { customer });
    await this.changeSubscription(id, { default_payment_method: card.id });
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
