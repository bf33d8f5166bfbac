// A Checkout Session as Stripe.js shows it to a page.

/** The id of a client secret's Checkout Session. */
function sessionOf(clientSecret) {
  const match = /^(cs_test_[^_]+)_secret_./.exec(clientSecret ?? "");
  if (!match) throw misuse("A client secret looks like cs_test_…_secret_…; this one does not.");
  return match[1];
}

/** The URL to which a paid session returns. */
const returnUrlOf = ({ id, return_url: url }) => url.replace("{CHECKOUT_SESSION_ID}", id);

/** Formats amounts of a currency, in minor units and as a text. */
function amounts({ currency, minor_units_divisor: divisor }) {
  const digits = Math.round(Math.log10(divisor));
  const format = new Intl.NumberFormat(navigator.language, {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return (minorUnitsAmount) => ({
    amount: format.format(minorUnitsAmount / divisor),
    minorUnitsAmount,
  });
}

/** Splits a tax into what is added to the price and what is inside it. */
function taxes(amount, tax, total, untaxed) {
  const added = total - untaxed;
  return { taxExclusive: amount(added), taxInclusive: amount(tax - added) };
}

/** What one unit costs: today, or in a period for a recurring price. */
function unitAmount({ price, amount_subtotal: subtotal, quantity }) {
  return price.recurring ? (price.unit_amount ?? 0) : Math.round(subtotal / quantity);
}

function recurringPrice({ recurring }) {
  if (!recurring) return null;
  const { interval, interval_count: intervalCount, usage_type: usageType } = recurring;
  return { interval, intervalCount, usageType };
}

/** The subscription that a session starts. */
function recurringShown(amount, page) {
  if (!page.recurring) return null;
  const { due_next: next, interval, interval_count: intervalCount, trial } = page.recurring;
  const [none, whole] = [amount(0), amount(next.amount)];
  return {
    interval,
    intervalCount,
    isProrated: page.recurring.is_prorated,
    dueNext: {
      subtotal: whole,
      total: whole,
      discount: none,
      taxInclusive: none,
      taxExclusive: none,
      billingCycleAnchor: page.recurring.billing_cycle_anchor,
    },
    trial: trial && { trialEnd: trial.end, trialPeriodDays: trial.days },
  };
}

function lineItem(amount, item) {
  const { amount_subtotal: subtotal, amount_discount: discount, amount_total: total } = item;
  return {
    id: item.id,
    name: item.description,
    discount: amount(discount),
    subtotal: amount(subtotal),
    total: amount(total),
    ...taxes(amount, item.amount_tax, total, subtotal - discount),
    unitAmount: amount(unitAmount(item)),
    unitAmountDecimal: null,
    description: null,
    quantity: item.quantity,
    unitLabel: null,
    discountAmounts: null,
    taxAmounts: null,
    recurring: recurringPrice(item.price),
    adjustableQuantity: null,
    images: [],
    priceId: item.price.id,
    isRemovable: false,
    pricing: null,
    transformQuantity: null,
  };
}

function shippingOption(amount, currency, { shipping_amount: cost, shipping_rate: rate }) {
  return {
    ...amount(cost),
    id: rate.id,
    currency,
    displayName: rate.display_name,
    deliveryEstimate: rate.delivery_estimate,
  };
}

function discountAmount(amount, whole, discount) {
  return {
    ...amount(whole),
    displayName: discount.display_name,
    promotionCode: discount.promotion_code,
    recurring: null,
    percentOff: discount.percent_off,
  };
}

function total(amount, page) {
  const { amount_discount, amount_shipping, amount_tax } = page.total_details;
  const untaxed = page.amount_subtotal - amount_discount + amount_shipping;
  return {
    appliedBalance: amount(0),
    balanceAppliedToNextInvoice: false,
    discount: amount(amount_discount),
    shippingRate: amount(amount_shipping),
    subtotal: amount(page.amount_subtotal),
    surcharge: amount(0),
    ...taxes(amount, amount_tax, page.amount_total, untaxed),
    total: amount(page.amount_total),
  };
}

function taxAmounts(sums) {
  const found = [];
  for (const [inclusive, tax] of [[false, sums.taxExclusive], [true, sums.taxInclusive]]) {
    if (tax.minorUnitsAmount) found.push({ ...tax, inclusive, displayName: "Tax" });
  }
  return found.length ? found : null;
}

function taxStatus(page) {
  if (page.automatic_tax.status !== "requires_location_inputs") return { status: "ready" };
  const place = page.shipping_address_collection ? "shipping" : "billing";
  return { status: `requires_${place}_address` };
}

/** A name and an address, if the address is known. */
const contact = (details) =>
  details?.address?.country ? { name: details.name, address: details.address } : null;

function savedPaymentMethod({ id, type, card, billing_details: billingDetails }) {
  const { brand, exp_month: expMonth, exp_year: expYear, last4 } = card;
  return { id, type, card: { brand, expMonth, expYear, last4 }, billingDetails };
}

/** The session object of Stripe.js, from the sandbox's page of a session. */
function sessionShown(page) {
  const amount = amounts(page);
  const sums = total(amount, page);
  const { currency, customer_details: payer, status } = page;
  const options = page.shipping_options.map((one) => shippingOption(amount, currency, one));
  const chosen = options.find(({ id }) => id === page.shipping_cost?.shipping_rate);
  const discount = page.total_details.amount_discount;
  const discounts = page.discounts.map((one) => discountAmount(amount, discount, one));
  const { payment_intent: payment, setup_intent: setup } = page;
  const problem = (payment?.last_payment_error ?? setup?.last_setup_error)?.message;
  const complete = status === "complete" && { paymentStatus: page.payment_status };
  return {
    billingAddress: contact(payer),
    businessName: null,
    nameCollection: null,
    canConfirm: page.can_confirm,
    currency,
    currencyOptions: null,
    discountAmounts: discounts.length ? discounts : null,
    email: payer?.email ?? null,
    id: page.id,
    lastPaymentError: problem ? { message: problem } : null,
    lineItems: page.line_items.map((item) => lineItem(amount, item)),
    livemode: page.livemode,
    minorUnitsAmountDivisor: page.minor_units_divisor,
    optionalItems: null,
    phoneNumber: payer?.phone ?? null,
    recurring: recurringShown(amount, page),
    savedPaymentMethods: page.saved_payment_methods.map(savedPaymentMethod),
    shipping: chosen ? { shippingOption: chosen, taxAmounts: null } : null,
    shippingAddress: contact(page.collected_information?.shipping_details),
    shippingOptions: options,
    status: { type: status, ...complete },
    surcharge: null,
    tax: taxStatus(page),
    taxAmounts: taxAmounts(sums),
    taxIdInfo: null,
    total: sums,
  };
}
