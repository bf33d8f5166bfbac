// The calls of the functions, from the browser. Every one may be repeated: a GET, or a POST with a key that
// changes nothing twice. The token is added by this site's server.

/** The function answered, and refused. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;

  constructor(status: number, { code, message, requestId }: { code: string; message: string; requestId: string }) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

/** No function answered: the network is down, or nothing runs where they should be. */
export class Unreachable extends Error {
  override message = "the payment service does not answer";
}

export interface Item {
  price: string;
  quantity: number;
}

export interface Contents {
  items: Item[];
  orderId?: string;
}

export type Status =
  | "created"
  | "requires_action"
  | "processing"
  | "failed"
  | "canceled"
  | "paid"
  | "partially_refunded"
  | "refunded"
  | "disputed"
  | "dispute_won"
  | "dispute_lost";

export interface Intent {
  orderId: string;
  clientSecret: string;
  publishableKey: string;
  amount: number;
  currency: string;
  status: Status;
}

export type Reason = "duplicate" | "fraudulent" | "requested_by_customer";

export interface RefundRecord {
  amount: number;
  reason: Reason | null;
  status: "requested" | "given" | "failed" | "refused";
  requestedBy: string | null;
  requestedAt: number | null;
  refundId: string | null;
}

export interface Order {
  orderId: string;
  status: Status;
  amount: number;
  currency: string;
  refundedAmount: number;
  createdAt: number;
  updatedAt: number;
  paidAt: number | null;
  /** For staff. */
  refunds?: RefundRecord[];
}

export interface Refund {
  orderId: string;
  refundId: string;
  amount: number;
  currency: string;
  status: string;
}

export interface Customer {
  id: string | null;
  name: string | null;
  email: string | null;
  cards: { brand: string; last4: string; expMonth: number; expYear: number }[];
  orders: Pick<Order, "orderId" | "status" | "amount" | "currency" | "refundedAmount" | "createdAt">[];
}

const PATIENCE_MS = 20_000;
const MOST_TRIES = 4;
const LONGEST_WAIT_S = 5;

/** The payment of a cart, to be made in this page. */
export const createIntent = (key: string, contents: Contents) => post<Intent>("create-intent", contents, key);

/** The payment of a cart on Stripe's own page, which leads back to one of the URLs. */
export const createCheckout = (key: string, contents: Contents & { successUrl: string; cancelUrl: string }) =>
  post<{ orderId: string; url: string }>("create-checkout", contents, key);

/** An order, as the ledger has it. */
export const readOrder = (id: string, signal?: AbortSignal) => get<Order>("order", { id }, signal);

/** The signed-in customer. */
export const readCustomer = (signal?: AbortSignal) => get<Customer>("customer", {}, signal);

/** Gives money back; without an `amount`, all that is left. */
export const refund = (key: string, wanted: { orderId: string; amount?: number; reason: Reason }) => post<Refund>("refund", wanted, key);

/** The customer's own page at Stripe: cards and receipts. */
export const openPortal = (returnUrl: string) => post<{ url: string }>("portal", { returnUrl });

function get<T>(name: string, query: Record<string, string>, signal?: AbortSignal): Promise<T> {
  const search = new URLSearchParams(query).toString();
  return call<T>(search ? `${name}?${search}` : name, { method: "GET" }, signal);
}

function post<T>(name: string, body: object, key?: string): Promise<T> {
  const headers = { "content-type": "application/json", ...(key && { "idempotency-key": key }) };
  return call<T>(name, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Asks again where the answer says when. */
async function call<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const response = await send(path, init, signal);
    if (response.ok) return (await response.json()) as T;
    const refused = await refusal(response);
    const wait = Number(response.headers.get("retry-after"));
    if (tries === MOST_TRIES || !(wait > 0 && wait <= LONGEST_WAIT_S)) throw refused;
    await new Promise((done) => setTimeout(done, wait * 1000));
  }
}

async function send(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const ends = signal ? AbortSignal.any([signal, patience]) : patience;
  try {
    return await fetch(`/api/payments/${path}`, { ...init, cache: "no-store", signal: ends });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable();
  }
}

/** What is not in the shape of the functions' errors does not come from them. */
async function refusal(response: Response): Promise<Refused | Unreachable> {
  const body: unknown = await response.json().catch(() => null);
  if (typeof body !== "object" || body === null || !("error" in body)) return new Unreachable();
  const { code, message, requestId } = body.error as Partial<Record<string, unknown>>;
  if (typeof code !== "string" || typeof message !== "string" || code === "not_configured") return new Unreachable();
  return new Refused(response.status, { code, message, requestId: typeof requestId === "string" ? requestId : "" });
}
