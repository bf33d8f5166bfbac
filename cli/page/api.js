// Calls of the dev server: the shop, the tokens of its signed-in customer and of its staff, and Farebox
// under /api. The tokens stay in this module and in memory.

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
  call("POST", "/api/create-intent", { body: contents, headers: { "Idempotency-Key": key }, as: "customer" });

/** The order as Farebox's database has it. */
export const order = (id) => call("GET", `/api/order?id=${encodeURIComponent(id)}`, { as: "customer" });

/** Asks for a refund as whoever has this role: the answer's status, code and request id, whatever it is. */
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

// Every call here may be repeated: a GET, or a POST that changes nothing twice.
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

async function send(method, path, { body, headers = {}, as = null }) {
  const authorization = as ? { Authorization: `Bearer ${await token(as)}` } : {};
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

/** By role: a token that is asked for, and until when it is good. */
const sessions = new Map();

/** A token of this role's that is good for half a minute at least; concurrent callers share one request. */
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
