// Calls to the sandbox that served this script, with the page's publishable key.

/** Where this script came from; a page that has it inline talks to its own origin. */
const SOURCE = new URL(document.currentScript?.src || location.href).origin;

/** Whom it talks to. Where a test serves it in place of Stripe's own, the calls go where Stripe's would. */
const SANDBOX = SOURCE === "https://js.stripe.com" ? "https://api.stripe.com" : SOURCE;

/** What a page does wrong, as opposed to what goes wrong in a payment. */
function misuse(message) {
  const error = new Error(message);
  error.name = "IntegrationError";
  return error;
}

/** `{a: {b: 1}}` as `a[b]=1`; what is `undefined` or `null` is left out. */
function encode(params, into = new URLSearchParams(), prefix = "") {
  for (const [name, value] of Object.entries(params)) {
    const path = prefix ? `${prefix}[${name}]` : name;
    if (value === undefined || value === null) continue;
    if (typeof value === "object") encode(value, into, path);
    else into.append(path, String(value));
  }
  return into;
}

/** One call; answers the object, or throws Stripe's error object. */
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

/** Runs a call as Stripe.js does: never rejects for a payment's sake, answers `{name}` or `{error}`. */
async function settled(name, work) {
  try {
    return { [name]: await work() };
  } catch (error) {
    if (error instanceof Error) throw error;
    return { error };
  }
}

/** The id of the intent that a client secret belongs to. */
function intentOf(clientSecret) {
  const match = /^(pi_[^_]+)_secret_./.exec(clientSecret ?? "");
  if (!match) throw misuse("A client secret looks like pi_…_secret_…; this one does not.");
  return match[1];
}
