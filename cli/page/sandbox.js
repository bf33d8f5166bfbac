// Confirms payments with the sandbox: two plain requests in place of Stripe.js.

const PATIENCE_MS = 30_000;

/** The payment's result is unknown; the order will show it. */
export class NoAnswer extends Error {}

/** Confirms the intent of `secret` with `card`. */
export const confirm = (shop, secret, card) =>
  post(shop, `/v1/payment_intents/${intentOf(secret)}/confirm`, {
    key: shop.publishableKey,
    client_secret: secret,
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": card.number,
    "payment_method_data[card][exp_month]": card.month,
    "payment_method_data[card][exp_year]": card.year,
    "payment_method_data[card][cvc]": card.cvc,
    return_url: `${location.origin}/`,
  });

/** Completes the bank's challenge: `success` or `failure`. */
export const authenticate = (shop, secret, outcome) =>
  post(shop, `/_sandbox/payment_intents/${intentOf(secret)}/authenticate`, {
    client_secret: secret,
    outcome,
  });

const intentOf = (secret) => encodeURIComponent(secret.split("_secret_")[0]);

/** Returns `{ status }` of the intent, or `{ error }` with Stripe's error. */
async function post(shop, path, fields) {
  const request = {
    method: "POST",
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(PATIENCE_MS),
  };
  try {
    const response = await fetch(shop.stripeApi + path, request);
    const answer = await response.json();
    const error =
      answer.error ?? (answer.status === "requires_payment_method" && answer.last_payment_error);
    return error ? { error } : { status: answer.status };
  } catch {
    throw new NoAnswer("The sandbox does not respond. Try again: nothing is charged twice.");
  }
}
