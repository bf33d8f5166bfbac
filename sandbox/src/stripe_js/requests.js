// Requests to the sandbox that served this script, with the page's publishable key.

/** The origin of this script, or of the page for an inline script. */
const SOURCE = new URL(document.currentScript?.src || location.href).origin;

/**
 * The API's origin. A test may serve this script in place of Stripe's: requests then go to Stripe's
 * API.
 */
const SANDBOX = SOURCE === "https://js.stripe.com" ? "https://api.stripe.com" : SOURCE;

/** An error in the page's own code, as opposed to an error of a payment. */
function misuse(message) {
  const error = new Error(message);
  error.name = "IntegrationError";
  return error;
}

/** Encodes `{a: {b: 1}}` as `a[b]=1`; skips `undefined` and `null`. */
function encode(params, into = new URLSearchParams(), prefix = "") {
  for (const [name, value] of Object.entries(params)) {
    const path = prefix ? `${prefix}[${name}]` : name;
    if (value === undefined || value === null) continue;
    if (typeof value === "object") encode(value, into, path);
    else into.append(path, String(value));
  }
  return into;
}

/** Sends a request; returns the object, or throws Stripe's error object. */
async function call(method, path, params) {
  const form = encode(params);
  const url = new URL(path, SANDBOX);
  if (method === "GET") url.search = form;
  let answer;
  try {
    const response = await fetch(url, { method, body: method === "GET" ? undefined : form });
    answer = await response.json();
  } catch {
    throw { type: "api_connection_error", message: "The payment server cannot be reached." };
  }
  if (answer.error) throw answer.error;
  return answer;
}

/**
 * Runs a request as Stripe.js does: resolves with `{name}` or `{error}`, and never rejects for a
 * payment error.
 */
async function settled(name, work) {
  try {
    return { [name]: await work() };
  } catch (error) {
    if (error instanceof Error) throw error;
    return { error };
  }
}

/** The id of a client secret's intent. */
function intentOf(clientSecret) {
  const match = /^(pi_[^_]+)_secret_./.exec(clientSecret ?? "");
  if (!match) throw misuse("A client secret looks like pi_…_secret_…; this one does not.");
  return match[1];
}
