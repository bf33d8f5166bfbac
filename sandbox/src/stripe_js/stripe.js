// `window.Stripe`, the API for pages.

const isElement = (value) => value instanceof CardElement;

/** The parameters of a confirmation beside the payment method. */
const BESIDE = ["receipt_email", "return_url", "setup_future_usage", "shipping"];

function beside(params) {
  return Object.fromEntries(BESIDE.map((name) => [name, params[name]]));
}

/** A page's `card`: an element, or a token. */
function cardOf(card) {
  return isElement(card) ? card.card() : card;
}

/** The release of Stripe.js whose path this script came from; the newest for any other path. */
const RELEASE = (() => {
  const { pathname } = new URL(document.currentScript?.src || location.href);
  if (/^\/v3\/?$/.test(pathname)) return "v3";
  return /^\/([a-z]+)\/stripe\.js$/.exec(pathname)?.[1] ?? "endive";
})();
const BEFORE_CLOVER = ["v3", "basil"].includes(RELEASE);
const BEFORE_DAHLIA = BEFORE_CLOVER || RELEASE === "clover";

/** Rejects a name that a release renamed. */
function renamed(from, to) {
  if (!BEFORE_DAHLIA) throw misuse(`${from} is now ${to}.`);
}

class StripeStandIn {
  #key;

  constructor(key) {
    this.#key = key;
  }

  elements(options) {
    const customer = options?.customerSessionClientSecret;
    return new Elements(options, customer ? customerCards(this.#key, customer) : null);
  }

  retrievePaymentIntent(clientSecret) {
    return settled("paymentIntent", () => this.#intent(clientSecret));
  }

  async confirmPayment({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
    const secret = clientSecret ?? elements?.options.clientSecret;
    const returnUrl = confirmParams.return_url;
    if (redirect === "always" && !returnUrl) {
      throw misuse(
        "confirmPayment needs confirmParams.return_url, unless redirect is if_required.",
      );
    }
    if (elements && !elements.options.clientSecret && !elements.submitted) {
      throw misuse("Call elements.submit() before confirmPayment.");
    }
    return settled("paymentIntent", async () => {
      const intent = await this.#confirm(secret, {
        ...beside(confirmParams),
        ...this.#paidWith(elements, confirmParams),
      });
      const passed = await pass(this.#key, intent, redirect === "always");
      return redirect === "always" ? leave(back(returnUrl, passed)) : passed;
    });
  }

  confirmCardPayment(clientSecret, data = {}, { handleActions = true } = {}) {
    return settled("paymentIntent", async () => {
      const { payment_method: method } = data;
      const { card, billing_details } = method ?? {};
      const described = card && { type: "card", card: cardOf(card), billing_details };
      const paidWith =
        typeof method === "string"
          ? { payment_method: method }
          : { payment_method_data: described };
      const intent = await this.#confirm(clientSecret, { ...beside(data), ...paidWith });
      return handleActions ? pass(this.#key, intent, false) : intent;
    });
  }

  handleNextAction({ clientSecret }) {
    return settled("paymentIntent", async () =>
      pass(this.#key, await this.#intent(clientSecret), false),
    );
  }

  createPaymentMethod({ type = "card", elements, card, params = {}, ...given }) {
    return settled("paymentMethod", () => {
      const own = { ...given, ...params, card: elements ? elements.card() : cardOf(card) };
      return call("POST", "/v1/payment_methods", { key: this.#key, type, ...own });
    });
  }

  createToken(element) {
    return settled("token", () => {
      if (!isElement(element)) throw misuse("createToken takes a mounted card element.");
      return call("POST", "/v1/tokens", { key: this.#key, card: element.card() });
    });
  }

  createEmbeddedCheckoutPage(options) {
    return embeddedCheckout(this.#key, options);
  }

  initEmbeddedCheckout(options) {
    renamed("initEmbeddedCheckout", "createEmbeddedCheckoutPage");
    return embeddedCheckout(this.#key, options);
  }

  initCheckoutElementsSdk(options) {
    return new CheckoutElements(this.#key, options);
  }

  initCheckout(options) {
    renamed("initCheckout", "initCheckoutElementsSdk");
    if (BEFORE_CLOVER) return checkoutBeforeClover(this.#key, options);
    return new CheckoutElements(this.#key, options);
  }

  initCheckoutFormSdk() {
    throw misuse("The sandbox does not support initCheckoutFormSdk.");
  }

  registerAppInfo() {}

  _registerWrapper() {}

  #paidWith(elements, { payment_method, payment_method_data }) {
    return elements ? elements.payment(payment_method_data) : { payment_method };
  }

  #intent(clientSecret) {
    const params = { key: this.#key, client_secret: clientSecret };
    return call("GET", `/v1/payment_intents/${intentOf(clientSecret)}`, params);
  }

  #confirm(clientSecret, params) {
    const common = { key: this.#key, client_secret: clientSecret, use_stripe_sdk: true };
    return call("POST", `/v1/payment_intents/${intentOf(clientSecret)}/confirm`, {
      ...params,
      ...common,
    });
  }
}

if (BEFORE_DAHLIA) {
  delete StripeStandIn.prototype.createEmbeddedCheckoutPage;
  delete StripeStandIn.prototype.initCheckoutElementsSdk;
  delete StripeStandIn.prototype.initCheckoutFormSdk;
}

/** `Stripe(publishableKey)`, with or without `new`. */
window.Stripe = function Stripe(key) {
  if (!/^pk_test_./.test(key ?? "")) {
    throw misuse(
      "Stripe() takes a publishable test key, pk_test_…: no other belongs into a page here.",
    );
  }
  return new StripeStandIn(key);
};
window.Stripe.version = RELEASE === "v3" ? 3 : RELEASE;
