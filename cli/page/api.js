// Requests to the dev server: the shop, the tokens of its signed-in customer and its staff, and
// Farebox under /api. Tokens stay in memory in this module.

const PATIENCE_MS = 15_000;
/** A step of the clock waits for the events of each of its stops. */
const CLOCK_PATIENCE_MS = 60_000;
const MOST_TRIES = 3;

/** The server returned an error. */
export class Refused extends Error {
  constructor(status, { code, message, requestId } = {}) {
    super(message ?? `the server responded with ${status}`);
    this.status = status;
    this.code = code ?? `http_${status}`;
    this.requestId = requestId;
  }
}

/** The server did not respond. */
export class Unreachable extends Error {}

/** Emits `lost` when the server does not respond. */
export const server = new EventTarget();

/** The products, and the mode: the sandbox or a Stripe account. */
export const shop = () => call("GET", "/dev/shop");

/** A token with the order's amount, signed as by the site's own server. */
export const signOrder = (order) => call("POST", "/dev/sign-order", { body: order });

/** Creates the cart's payment; the same key and contents always return the same payment. */
export const createIntent = (key, contents) =>
  call("POST", "/api/create-intent", {
    body: contents,
    headers: { "Idempotency-Key": key },
    as: "customer",
  });

/** Opens Checkout for a signed order; the payer comes back to `home`. */
export const openCheckout = (order, home) =>
  call("POST", "/api/create-checkout", {
    body: { order, successUrl: home, cancelUrl: home },
    as: "customer",
  });

/** The order in Farebox's database. */
export const order = (id) =>
  call("GET", `/api/order?id=${encodeURIComponent(id)}`, { as: "customer" });

/** The order, after a look at Stripe. */
export const orderNow = (id) =>
  call("GET", `/api/order?id=${encodeURIComponent(id)}&refresh=true`, { as: "customer" });

/** The caller's subscriptions and entitlements; by `refresh` after a look at Stripe. */
export const subscriptions = (refresh) =>
  call("GET", `/api/subscription${refresh ? "?refresh=true" : ""}`, { as: "customer" });

/** Opens Checkout for a plan; the payer comes back to `home`. */
export const subscribe = (key, price, home) =>
  call("POST", "/api/create-checkout", {
    body: { items: [{ price, quantity: 1 }], successUrl: home, cancelUrl: home },
    headers: { "Idempotency-Key": key },
    as: "customer",
  });

/** Cancels or resumes a subscription. */
export const changeSubscription = (key, changes) =>
  call("POST", "/api/subscription", {
    body: changes,
    headers: { "Idempotency-Key": key },
    as: "customer",
  });

/** Opens the customer portal, which leads back to `home`. */
export const openPortal = (home) =>
  call("POST", "/api/portal", { body: { returnUrl: home }, as: "customer" });

/** The time at a subscription's clock, null in real time. */
export const clock = (id) => call("GET", `/dev/clock?subscription=${encodeURIComponent(id)}`);

/** Lets time pass for a subscription; returns after the events arrived. */
export const pass = (subscription, step) =>
  call("POST", "/dev/clock", { body: { subscription, step }, patience: CLOCK_PATIENCE_MS });

/** Requests a refund with this role; returns the response's status, code and request id. */
export async function refund(role, key, contents) {
  try {
    const options = { body: contents, headers: { "Idempotency-Key": key }, as: role };
    const response = await answered("POST", "/api/refund", options);
    const { status: code } = await response.json();
    return { status: response.status, code, requestId: response.headers.get("X-Request-Id") };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { status, code, message, requestId } = error;
    return { status, code, message, requestId };
  }
}

// Every request that is repeated is safe to repeat: a GET, or an idempotent POST. The clock never
// asks for that.
const call = async (method, path, options) => (await answered(method, path, options)).json();

async function answered(method, path, options = {}) {
  for (let tries = 1; ; tries += 1) {
    const response = await send(method, path, options);
    if (response.ok) return response;
    const refused = new Refused(response.status, (await response.json().catch(() => ({}))).error);
    const wait = Number(response.headers.get("Retry-After"));
    if (tries >= MOST_TRIES) throw refused;
    if (options.as && response.status === 401 && tries === 1) sessions.delete(options.as);
    else if (wait > 0 && wait <= 10) await new Promise((done) => setTimeout(done, wait * 1000));
    else throw refused;
  }
}

async function send(method, path, { body, headers = {}, as = null, patience = PATIENCE_MS }) {
  const authorization = as ? { Authorization: `Bearer ${await token(as)}` } : {};
  try {
    return await fetch(path, {
      method,
      headers: {
        ...(body && { "Content-Type": "application/json" }),
        ...headers,
        ...authorization,
      },
      body: body && JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    server.dispatchEvent(new Event("lost"));
    throw new Unreachable("The dev server does not respond.");
  }
}

/** By role: the pending or current token, and its expiry. */
const sessions = new Map();

/**
 * A token of this role that is valid for at least 30 seconds; concurrent callers share one request.
 */
function token(role) {
  const held = sessions.get(role);
  if (held && Date.now() < held.goodUntil) return held.token;
  const session = { goodUntil: Infinity };
  sessions.set(role, session);
  session.token = sign(role, session);
  return session.token;
}

async function sign(role, session) {
  try {
    const signed = await call("POST", `/dev/session?as=${role}`);
    session.goodUntil = signed.expiresAt * 1000 - 30_000;
    return signed.token;
  } catch (error) {
    session.goodUntil = 0;
    throw error;
  }
}
