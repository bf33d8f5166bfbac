// Calls Farebox's routes from a site. Its documentation is in index.d.ts, which `npm run check`
// compares with this file.

import createFetchClient from "openapi-fetch";

/** @type {typeof import("./index.js").createClient} */
export const createClient = ({ baseUrl = "", token, fetch } = {}) => {
  /** @type {import("openapi-fetch").Client<import("./index.js").Routes>} */
  const client = createFetchClient({ baseUrl, cache: "no-store", ...(fetch && { fetch }) });
  client.use({
    async onRequest({ request }) {
      const caller = await token?.();
      if (caller !== undefined) request.headers.set("Authorization", `Bearer ${caller}`);
      return request;
    },
  });
  return client;
};

/** @type {typeof import("./index.js").answer} */
export const answer = async (call) => {
  const { data, error, response } = await call;
  if (!response.ok || data === undefined || data === null) throw new FareboxError(response, error);
  return data;
};

/** @type {typeof import("./index.js").keyed} */
export const keyed = (key) => ({ header: { "Idempotency-Key": key } });

/** @type {typeof import("./index.js").newKey} */
export const newKey = () => crypto.randomUUID();

export class FareboxError extends Error {
  /**
   * @param {Response} response
   * @param {unknown} body
   */
  constructor(response, body) {
    const told = toldIn(body);
    super(told?.message ?? `Farebox did not respond: ${response.status}`);
    /** @type {"FareboxError"} */
    this.name = "FareboxError";
    this.status = response.status;
    /** @type {import("./index.js").ErrorCode} */
    this.code = told?.code ?? "unknown";
    this.orderId = told?.orderId;
    this.requestId = told?.requestId ?? response.headers.get("x-request-id") ?? undefined;
    const seconds = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
    this.retryAfter = Number.isNaN(seconds) ? undefined : seconds;
  }
}

/**
 * Parses the body of a Farebox error; a gateway's error has another form.
 *
 * @typedef {{ code: string, message: string, requestId: string, orderId?: string }} Told
 * @param {unknown} body
 * @returns {Told | undefined}
 */
function toldIn(body) {
  if (typeof body !== "object" || body === null || !("error" in body)) return undefined;
  const { error } = body;
  if (typeof error !== "object" || error === null) return undefined;
  const isTold = "code" in error && "message" in error && "requestId" in error;
  return isTold ? /** @type {Told} */ (error) : undefined;
}
