// Calls of the dev server: the shop, the token of its signed-in customer, and Farebox under /api.
// The token stays in this module and in memory.

const PATIENCE_MS = 15_000;
const MOST_TRIES = 3;

/** The server answered, and refused. */
export class Refused extends Error {
  constructor(status, { code, message, requestId } = {}) {
    super(message ?? `the server answered ${status}`);
    this.status = status;
    this.code = code ?? `http_${status}`;
    this.requestId = requestId;
  }
}

/** The server did not answer. */
export class Unreachable extends Error {}

/** Tells `lost` when the server does not answer. */
export const server = new EventTarget();

/** What is on sale, and which Stripe takes the payment. */
export const shop = () => call("GET", "/dev/shop");

/** A token with the order's amount, signed as the site's own server would. */
export const signOrder = (order) => call("POST", "/dev/sign-order", { body: order });

/** The payment of a cart; the same key and contents give the same payment, however often. */
export const createIntent = (key, contents) =>
  call("POST", "/api/create-intent", { body: contents, headers: { "Idempotency-Key": key }, asCustomer: true });

/** The order as Farebox's ledger has it. */
export const order = (id) => call("GET", `/api/order?id=${encodeURIComponent(id)}`, { asCustomer: true });

// Every call here may be repeated: a GET, or a POST that changes nothing twice.
async function call(method, path, options = {}) {
  for (let tries = 1; ; tries += 1) {
    const response = await send(method, path, options);
    if (response.ok) return response.json();
    const refused = new Refused(response.status, (await response.json().catch(() => ({}))).error);
    const wait = Number(response.headers.get("Retry-After"));
    if (tries >= MOST_TRIES) throw refused;
    if (options.asCustomer && response.status === 401 && tries === 1) goodUntil = 0;
    else if (wait > 0 && wait <= 10) await new Promise((done) => setTimeout(done, wait * 1000));
    else throw refused;
  }
}

async function send(method, path, { body, headers = {}, asCustomer = false }) {
  const authorization = asCustomer ? { Authorization: `Bearer ${await token()}` } : {};
  try {
    return await fetch(path, {
      method,
      headers: { ...(body && { "Content-Type": "application/json" }), ...headers, ...authorization },
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    server.dispatchEvent(new Event("lost"));
    throw new Unreachable("The dev server does not answer.");
  }
}

let session = null;
let goodUntil = 0;

/** A token that is good for half a minute at least; concurrent callers share one request. */
function token() {
  if (Date.now() >= goodUntil) {
    goodUntil = Infinity;
    session = sign();
  }
  return session;
}

async function sign() {
  try {
    const signed = await call("POST", "/dev/session");
    goodUntil = signed.expiresAt * 1000 - 30_000;
    return signed.token;
  } catch (error) {
    goodUntil = 0;
    throw error;
  }
}
