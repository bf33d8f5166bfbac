// Sends a request on to Farebox, and Farebox's answer back.

import { isRedirect } from "../server/client.js";
import { isTry, origins, type Settings } from "../server/settings.js";
import { within } from "../server/within.js";
import { OWN_HEADERS, Refusal } from "./refusal.js";
import type { Route } from "./routes.js";

/** The largest body, in bytes: as much as Farebox reads. */
const LARGEST = 64 * 1024;
/** Longer than Farebox's functions run, in milliseconds. */
const PATIENCE_MS = 30_000;

/** The forwarded headers. Cookies belong to this site, and are not forwarded. */
const PASSED_ON = ["accept", "content-type", "idempotency-key", "user-agent"];
/** The headers of an answer that reach the browser. */
const PASSED_BACK = ["allow", "content-type", "link", "retry-after", "x-request-id"];
/** Where Farebox reads the payer's address, with FAREBOX_CLIENT_ADDRESS=header:x-client-address. */
const PAYERS_ADDRESS = "x-client-address";

/** A request to send on. */
export interface Sent {
  request: Request;
  route: Route;
  token: string;
  settings: Settings;
  addressHeader: string | undefined;
}

/**
 * Sends a request on under its caller's `token`, and returns the answer.
 *
 * @throws {Refusal} where no usable answer arrived. The request may have had its effect.
 */
export async function forward(sent: Sent): Promise<Response> {
  const { request, route, settings } = sent;
  const { search } = new URL(request.url);
  const body = request.method === "GET" ? null : await bodyOf(request);
  // A request that began is not ended with the browser's: a payment must not stop halfway.
  const answer = await asked(`${settings.origin}/api/${route.name}${search}`, {
    method: request.method,
    headers: headersOf(sent),
    body,
    redirect: "manual",
    cache: "no-store",
  });
  const headers = new Headers(OWN_HEADERS);
  for (const name of PASSED_BACK) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (route.startsPayment && settings.stripeJs)
    headers.set("x-farebox-stripe-js", settings.stripeJs);
  return new Response(answer.body, { status: answer.status, headers });
}

function headersOf({ request, token, addressHeader }: Sent): Headers {
  const headers = new Headers({ authorization: `Bearer ${token}` });
  for (const name of PASSED_ON) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const address = addressHeader && request.headers.get(addressHeader);
  if (address) headers.set(PAYERS_ADDRESS, address);
  return headers;
}

/** The whole body, which has at most as many bytes as Farebox reads. */
async function bodyOf(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new Refusal(413, "body_too_large", "the body exceeds the route's limit");
  if (Number(request.headers.get("content-length")) > LARGEST) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const read = await reader?.read().catch(() => {
      throw new Refusal(400, "invalid_request", "the body is incomplete");
    });
    if (!read || read.done) return joined(chunks, size);
    size += read.value.length;
    if (size > LARGEST) {
      await reader?.cancel().catch(() => undefined);
      throw tooLarge();
    }
    chunks.push(read.value);
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** An answer of Farebox's own: a success in JSON or, as asked for, CSV; or an error in its form. */
interface Answer {
  status: number;
  headers: Headers;
  body: ArrayBuffer;
}

async function asked(url: string, init: RequestInit): Promise<Answer> {
  const answered = async (signal: AbortSignal) => {
    const response = await fetch(url, { ...init, signal });
    return { response, body: await response.arrayBuffer() };
  };
  const { response, body } = await within(PATIENCE_MS, answered).catch((error: unknown) => {
    throw unanswered(error);
  });
  const { status, headers } = response;
  if (isRedirect(response)) throw misled("answered with a redirect");
  if (status === 401) throw refusedToken(headers.get("x-request-id"));
  if (!isFarebox(response, body)) throw foreign(response);
  return { status, headers, body };
}

/** True for JSON and CSV, and of an error for Farebox's form: gateways also answer in JSON. */
function isFarebox({ ok, headers }: Response, body: ArrayBuffer): boolean {
  const type = headers.get("content-type") ?? "";
  if (ok) return /^(application\/json|text\/csv)\b/i.test(type);
  if (!/^application\/json\b/i.test(type)) return false;
  try {
    const { error } = JSON.parse(new TextDecoder().decode(body)) as { error?: { code?: unknown } };
    return typeof error?.code === "string";
  } catch {
    return false;
  }
}

function unanswered(error: unknown): Refusal {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const reason = cause instanceof Error ? cause.message : "unknown";
  const log = `Farebox, whose origin comes from ${origins()}, did not answer: ${reason}`;
  const hint = isTry() ? "; does `npx farebox dev` (or `cargo dev`) still run?" : "";
  return unavailable(`Farebox did not answer${hint}`, log, "2");
}

const unavailable = (message: string, log: string, seconds: string) =>
  new Refusal(503, "unavailable", message, log, { "retry-after": seconds });

/** An answer that a gateway or another program gave. */
function foreign({ status, headers }: Response): Refusal {
  const what = `${status} ${headers.get("content-type") ?? "without a type"}`;
  if (status < 500 && status !== 429) return misled(`did not answer, but another program: ${what}`);
  const seconds = headers.get("retry-after") ?? "2";
  return unavailable("Farebox did not answer", `a gateway answered: ${what}`, seconds);
}

const misled = (what: string) =>
  new Refusal(
    502,
    "bad_gateway",
    `Farebox ${what}`,
    `Farebox ${what}; is FAREBOX_ORIGIN right? It comes from ${origins()}`,
  );

/** The site signed the token a moment ago, so signing in again would not help the visitor. */
const refusedToken = (requestId: string | null) =>
  new Refusal(
    503,
    "not_configured",
    "Farebox refused this site's token",
    `Farebox refused this site's token (its request ${requestId ?? "has no id"}): is its ` +
      `FAREBOX_SITE_KEY the same, and this machine's clock right? The key comes from ${origins()}`,
  );
