// Saved cards in a Payment Element.

/** The name of a saved card for the payer. */
const cardName = ({ card }) => `${card.brand} ending in ${card.last4}`;

/** The saved cards of a customer session, for {@link SavedCards}. */
function customerCards(key, secret) {
  if (!/^cuss_secret_./.test(secret)) {
    throw misuse("A customer session's client secret looks like cuss_secret_…; this does not.");
  }
  const access = { key, customer_session_client_secret: secret };
  let features = {};
  return {
    async load() {
      const { customer } = await call("GET", "/v1/elements/sessions", access);
      features = customer.customer_session.components.payment_element.features;
      return {
        methods: customer.payment_methods,
        saves: features.payment_method_save === "enabled",
        removes: features.payment_method_remove === "enabled",
      };
    },
    remove: (id) => call("POST", `/v1/payment_methods/${id}/detach`, access),
    consented(payment_method_data, agrees) {
      const usage = agrees && features.payment_method_save_usage;
      return { payment_method_data, ...(usage && { setup_future_usage: usage }) };
    },
  };
}

/** A list of saved cards, from a source of them. */
class SavedCards {
  #source;
  #loaded = { methods: [], saves: false, removes: false };
  /** The chosen payment method; `null` for a new card. */
  chosen = null;
  /** True when the payer agrees to save the new card. */
  saves = false;

  constructor(source) {
    this.#source = source;
  }

  async load() {
    const { methods, ...features } = await this.#source.load();
    this.#loaded = { ...features, methods: methods.filter(({ type }) => type === "card") };
    this.chosen = this.#loaded.methods[0] ?? null;
  }

  /** The list of saved cards; calls `change` and `removed` with their events. */
  list(change, removed) {
    const { methods } = this.#loaded;
    const list = dom("fieldset", { hidden: !methods.length, className: "saved" });
    const title = dom("legend", { textContent: "Saved cards" });
    const own = methods.map((method) => this.#row(method, change, removed));
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
    if (!this.#loaded.removes) return row(label);
    const attributes = { "aria-label": `Remove ${name}` };
    const button = dom("button", { type: "button", textContent: "Remove", attributes });
    const whole = row(label, button);
    button.addEventListener("click", () => this.#remove(method, whole, removed));
    return whole;
  }

  /** Detaches a card from its customer, then chooses the next one. */
  async #remove(method, whole, removed) {
    const { error } = await settled("removed", () => this.#source.remove(method.id));
    if (!error) {
      const list = whole.parentElement;
      whole.remove();
      const left = this.#loaded.methods.filter((other) => other !== method);
      this.#loaded.methods = left;
      list.hidden = !left.length;
      const next = list.querySelector("input");
      if (this.chosen === method) next.click();
      next.focus();
    }
    removed({ success: !error, error: error?.message, payment_method: method });
  }

  /** The box to save a new card, if the shop allows that. */
  box(change) {
    if (!this.#loaded.saves) return [];
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
    if (!this.#loaded.saves) return { payment_method_data };
    const allow_redisplay = this.saves ? "always" : "limited";
    return this.#source.consented({ ...payment_method_data, allow_redisplay }, this.saves);
  }
}

/** A line of the list. */
const row = (...children) => dom("div", { className: "wide choice" }, ...children);
