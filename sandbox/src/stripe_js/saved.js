// The saved cards of a customer session, in a Payment Element.

/** The name of a saved card for the payer. */
const cardName = ({ card }) => `${card.brand} ending in ${card.last4}`;

class SavedCards {
  #key;
  #secret;
  #features = {};
  #methods = [];
  /** The chosen payment method; `null` for a new card. */
  chosen = null;
  /** True when the payer agrees to save the new card. */
  saves = false;

  constructor(key, secret) {
    if (!/^cuss_secret_./.test(secret)) {
      throw misuse("A customer session's client secret looks like cuss_secret_…; this does not.");
    }
    this.#key = key;
    this.#secret = secret;
  }

  async load() {
    const { customer } = await call("GET", "/v1/elements/sessions", this.#access());
    this.#features = customer.customer_session.components.payment_element.features;
    this.#methods = customer.payment_methods.filter(({ type }) => type === "card");
    this.chosen = this.#methods[0] ?? null;
  }

  /** The list of saved cards; calls `change` and `removed` with their events. */
  list(change, removed) {
    const list = dom("fieldset", { hidden: !this.#methods.length, className: "saved" });
    const title = dom("legend", { textContent: "Saved cards" });
    const own = this.#methods.map((method) => this.#row(method, change, removed));
    list.append(title, ...own, this.#row(null, change));
    return list;
  }

  #row(method, change, removed) {
    const input = dom("input", {
      type: "radio",
      name: "saved",
      value: method?.id ?? "",
      checked: method === this.chosen,
    });
    input.addEventListener("change", () => {
      this.chosen = method;
      change();
    });
    if (!method) return row(dom("label", {}, input, "New card"));
    const { exp_month: month, exp_year: year } = method.card;
    const name = cardName(method);
    const label = dom("label", {}, input, `${name}, ${String(month).padStart(2, "0")}/${year}`);
    if (this.#features.payment_method_remove !== "enabled") return row(label);
    const attributes = { "aria-label": `Remove ${name}` };
    const button = dom("button", { type: "button", textContent: "Remove", attributes });
    const whole = row(label, button);
    button.addEventListener("click", () => this.#remove(method, whole, change, removed));
    return whole;
  }

  /** Detaches a card from its customer, then chooses the next one. */
  async #remove(method, whole, change, removed) {
    const path = `/v1/payment_methods/${method.id}/detach`;
    const { error } = await settled("removed", () => call("POST", path, this.#access()));
    if (!error) {
      const list = whole.parentElement;
      whole.remove();
      this.#methods = this.#methods.filter((other) => other !== method);
      list.hidden = !this.#methods.length;
      const next = list.querySelector("input");
      if (this.chosen === method) next.click();
      next.focus();
    }
    removed({ success: !error, error: error?.message, payment_method: method });
  }

  /** The box to save a new card, if the customer session has it. */
  box(change) {
    if (this.#features.payment_method_save !== "enabled") return [];
    const input = dom("input", { type: "checkbox", name: "save", checked: this.saves });
    input.addEventListener("change", () => {
      this.saves = input.checked;
      change();
    });
    const text = "Save this card for later payments";
    return [dom("label", { className: "wide choice" }, input, text)];
  }

  /** Adds the payer's answer to the parameters of a new card. */
  consented(payment_method_data) {
    if (this.#features.payment_method_save !== "enabled") return { payment_method_data };
    const allow_redisplay = this.saves ? "always" : "limited";
    const setup_future_usage = this.saves ? this.#features.payment_method_save_usage : null;
    const described = { payment_method_data: { ...payment_method_data, allow_redisplay } };
    return setup_future_usage ? { ...described, setup_future_usage } : described;
  }

  #access() {
    return { key: this.#key, customer_session_client_secret: this.#secret };
  }
}

/** A line of the list. */
const row = (...children) => dom("div", { className: "wide choice" }, ...children);
