// A page's connection to one Checkout Session.

/** A payer's error in the form of Stripe.js. */
function payerError({ message, code, decline_code: declineCode = null, param }, codes = {}) {
  if (code === "card_declined" || declineCode) {
    return { message, code: "paymentFailed", paymentFailed: { declineCode } };
  }
  return { message, code: codes[param] ?? null };
}

/** The page's connection to one Checkout Session. */
class SessionClient {
  #key;
  #secret;
  #handlers = [];
  /** The newest session of Stripe.js, and the sandbox's page of it. */
  shown = null;
  page = null;

  constructor(key, secret) {
    this.#key = key;
    this.#secret = secret;
  }

  async #call(method, operation, params) {
    const client_secret = await this.#secret;
    const path = `/v1/payment_pages/${sessionOf(client_secret)}${operation}`;
    return call(method, path, { ...params, client_secret, key: this.#key });
  }

  /** Reads the session; throws unless it is of this mode. */
  async load(mode) {
    const page = await this.#call("GET", "");
    if (page.ui_mode !== mode) {
      throw misuse(`This method needs a session with ui_mode ${mode}, not ${page.ui_mode}.`);
    }
    return this.#show(page);
  }

  async refresh() {
    return this.#show(await this.#call("GET", ""));
  }

  /** Enters what the payer chose; resolves as an action of Stripe.js does. */
  enter(params, codes) {
    return this.#settled(async () => this.#show(await this.#call("POST", "", params)), codes);
  }

  /** Pays, and completes a challenge. */
  confirm(params, redirects) {
    return this.#settled(async () => {
      try {
        const page = await this.#call("POST", "/confirm", params);
        const intent = page.payment_intent ?? page.setup_intent;
        if (intent) await pass(this.#key, intent, redirects);
      } finally {
        await this.refresh();
      }
    });
  }

  /** The saved cards of the session's customer, for {@link SavedCards}. */
  cards({ enableSave = "auto", enableRedisplay = "auto" } = {}, loaded) {
    return {
      load: async () => {
        await loaded();
        const options = this.page.saved_payment_method_options ?? {};
        return {
          methods: enableRedisplay === "never" ? [] : this.page.saved_payment_methods,
          saves: enableSave !== "never" && options.payment_method_save === "enabled",
          removes: options.payment_method_remove === "enabled",
        };
      },
      remove: async (payment_method) =>
        this.#show(await this.#call("POST", "/remove_payment_method", { payment_method })),
      consented: (payment_method_data, agrees) => ({
        payment_method_data,
        save_payment_method: agrees,
      }),
    };
  }

  onChange(handler) {
    this.#handlers.push(handler);
  }

  /** Keeps a session, and tells the page's handlers; returns the sandbox's page of it. */
  #show(page) {
    this.page = page;
    this.shown = sessionShown(page);
    for (const handler of this.#handlers) handler(this.shown);
    return page;
  }

  async #settled(work, codes) {
    const { error } = await settled("page", work);
    if (error) return { type: "error", error: payerError(error, codes) };
    return { type: "success", session: this.shown };
  }
}
