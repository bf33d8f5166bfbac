// Elements with a Checkout Session: the session's actions, and the shop's own form.

/** The actions of Stripe.js that the sandbox does not support. */
const UNSUPPORTED_ACTIONS = [
  "addOptionalLineItem",
  "removeOptionalLineItem",
  "updateBusinessName",
  "updateIndividualName",
  "updateLineItemQuantity",
  "updateTaxIdInfo",
];
/** The elements of a Checkout Session that the sandbox does not support. */
const UNSUPPORTED_ELEMENTS = [
  "BillingAddress",
  "ContactDetails",
  "CurrencySelector",
  "ExpressCheckout",
  "LinkSignup",
  "ShippingAddress",
  "TaxId",
  "Terms",
];

/** A function that throws an error with its own name. */
const unsupported = (name) => () => {
  throw misuse(`The sandbox does not support ${name}.`);
};

/** Throws for the first option that is not one of these. */
function onlyOptions(method, options, known) {
  const other = Object.keys(options ?? {}).find((name) => !known.includes(name));
  if (other) throw misuse(`The sandbox does not support ${other} of ${method}.`);
}

/** An address of Stripe.js as parameters. */
const entered = ({ name, address }) => ({ name, address });

/** The actions of a loaded session. */
function actionsOf(client, elements) {
  const required = (name, value) => {
    if (value === null) throw misuse(`The sandbox does not support ${name} with null.`);
    return value;
  };
  const actions = {
    getSession: () => client.shown,
    applyPromotionCode: (code) =>
      client.enter({ promotion_code: code }, { promotion_code: "invalidCode" }),
    removePromotionCode: () => client.enter({ promotion_code: "" }),
    updateShippingAddress: (contact) =>
      client.enter({ shipping: entered(required("updateShippingAddress", contact)) }),
    updateBillingAddress: (contact) =>
      client.enter(entered(required("updateBillingAddress", contact))),
    updateShippingOption: (id) => client.enter({ shipping_rate: id }),
    updatePhoneNumber: (phone) => client.enter({ phone: required("updatePhoneNumber", phone) }),
    updateEmail: (email) =>
      client.enter({ email: required("updateEmail", email) }, { email: "invalidEmail" }),
    runServerUpdate: async (update) => {
      await update();
      await client.refresh();
      return { type: "success", session: client.shown };
    },
    validateElements: async () => {
      const { error } = await settled("payment", async () => elements.payment());
      if (!error) return { type: "success", session: client.shown };
      const { message } = error;
      const validation_errors = [{ message, element: "payment" }];
      return { type: "error", error: { code: "validation_error", message, validation_errors } };
    },
    confirm: (options) => confirmSession(client, elements, options),
  };
  for (const name of UNSUPPORTED_ACTIONS) actions[name] = unsupported(name);
  return actions;
}

const CONFIRM_OPTIONS = [
  "billingAddress",
  "email",
  "paymentMethod",
  "phoneNumber",
  "redirect",
  "returnUrl",
  "savePaymentMethod",
  "shippingAddress",
];

/** Pays a session with the page's Payment Element, or with a payment method by its id. */
async function confirmSession(client, elements, options = {}) {
  onlyOptions("confirm", options, CONFIRM_OPTIONS);
  const { billingAddress, shippingAddress, redirect = "always" } = options;
  const paidWith = await settled("params", async () => {
    if (options.paymentMethod) return { payment_method: options.paymentMethod };
    return client.page.needs_payment_method ? elements.payment() : {};
  });
  if (paidWith.error) {
    return { type: "error", error: { message: paidWith.error.message, code: null } };
  }
  const params = {
    ...(billingAddress && entered(billingAddress)),
    ...(shippingAddress && { shipping: entered(shippingAddress) }),
    email: options.email,
    phone: options.phoneNumber,
    return_url: options.returnUrl,
    expected_amount: client.shown.total.total.minorUnitsAmount,
    save_payment_method: options.savePaymentMethod,
    ...paidWith.params,
  };
  const redirects = redirect === "always";
  const result = await client.confirm(params, redirects);
  if (result.type === "error" || !redirects) return result;
  const { id, return_url } = client.page;
  return leave(returnUrlOf({ id, return_url: options.returnUrl ?? return_url }));
}

/** `stripe.initCheckoutElementsSdk(…)`: a Checkout Session in the shop's own form. */
class CheckoutElements {
  #client;
  #elements;
  #loaded = null;

  constructor(key, { clientSecret, elementsOptions = {}, ...others }) {
    onlyOptions("initCheckoutElementsSdk", others, []);
    this.#client = new SessionClient(key, clientSecret);
    const cards = this.#client.cards(elementsOptions.savedPaymentMethod, () => this.#load());
    this.#elements = new Elements(elementsOptions, cards);
    for (const name of UNSUPPORTED_ELEMENTS) {
      this[`create${name}Element`] = unsupported(`create${name}Element`);
      this[`get${name}Element`] = () => null;
    }
  }

  /** Reads the session, once. */
  #load() {
    this.#loaded ??= this.#client.load("elements");
    return this.#loaded;
  }

  /** Resolves with the actions of the session. */
  async loadActions() {
    const { error } = await settled("page", () => this.#load());
    if (error) return { type: "error", error: { message: error.message, code: null } };
    return { type: "success", actions: actionsOf(this.#client, this.#elements) };
  }

  on(event, handler) {
    if (event !== "change") throw misuse(`The sandbox does not support the event ${event}.`);
    this.#client.onChange(handler);
  }

  createPaymentElement() {
    return this.#elements.create("payment");
  }

  getPaymentElement() {
    return this.#elements.getElement("payment");
  }

  changeAppearance(appearance) {
    this.#elements.update({ appearance });
  }

  loadFonts() {}
}

/** The Checkout object of the releases before clover, with its actions on itself. */
async function checkoutBeforeClover(key, { fetchClientSecret, clientSecret, ...options }) {
  const secret = clientSecret ?? (await fetchClientSecret());
  const checkout = new CheckoutElements(key, { ...options, clientSecret: secret });
  const { error, actions } = await checkout.loadActions();
  if (error) throw misuse(error.message);
  const { getSession, ...others } = actions;
  return Object.assign(checkout, others, { session: getSession });
}
