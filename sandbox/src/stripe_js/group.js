// The elements of one payment.

/** `stripe.elements(…)`: the elements of one payment. */
class Elements {
  #made = new Map();

  /** `source` has the customer's saved cards, if there are any. */
  constructor(options = {}, source = null) {
    if (options.clientSecret) intentOf(options.clientSecret);
    this.options = options;
    this.submitted = false;
    this.saved = source && new SavedCards(source);
  }

  create(type) {
    if (!["payment", "card"].includes(type)) {
      throw misuse(`The sandbox supports the elements payment and card, not ${type}.`);
    }
    if (this.#made.has(type)) throw misuse(`An element of type ${type} already exists.`);
    const element = new CardElement(type, this);
    this.#made.set(type, element);
    return element;
  }

  getElement(type) {
    return this.#made.get(type) ?? null;
  }

  update(options) {
    this.options = { ...this.options, ...options };
    for (const element of this.#made.values()) element.appear(this.options.appearance);
  }

  forget(type) {
    this.#made.delete(type);
  }

  async fetchUpdates() {
    return {};
  }

  /** Validates the form; a payment that is created afterwards is confirmed only after this. */
  async submit() {
    const { error } = await settled("payment", async () => this.payment());
    this.submitted = !error;
    return error ? { error } : { selectedPaymentMethod: "card" };
  }

  /** The entered card. */
  card() {
    if (this.saved?.chosen) throw misuse("A saved card is chosen, and none was entered.");
    return this.#element().card();
  }

  /** The parameters of a confirmation with the chosen card, or with the entered one. */
  payment(details) {
    const element = this.#element();
    if (this.saved?.chosen) return { payment_method: this.saved.chosen.id };
    const payment_method_data = { ...details, type: "card", card: element.card() };
    return this.saved ? this.saved.consented(payment_method_data) : { payment_method_data };
  }

  #element() {
    const element = this.getElement("payment") ?? this.getElement("card");
    if (!element) throw misuse("There is no element to read a card from.");
    return element;
  }
}
