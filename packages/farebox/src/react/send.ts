// Requests of a page to Farebox by the site's own route, which adds the caller's token. Each is
// safe to repeat: a GET, or a POST that takes effect once.

import { FareboxError } from "../index.js";

/** The time for an answer, in milliseconds. */
const PATIENCE_MS = 20_000;
const MOST_TRIES = 4;
const LONGEST_WAIT_S = 5;

/** Farebox did not answer: nothing is known about the request's effect. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
  /** Whether the browser was offline. */
  readonly isOffline = typeof navigator !== "undefined" && navigator.onLine === false;
  /** What the site's own route said, for its developer. */
  readonly hint: string | undefined;

  constructor(hint?: string) {
    super("the payment service does not respond");
    this.hint = hint;
  }
}

/** What is sent, and how. */
export interface Call {
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Makes a POST. */
  body?: object;
  /** The Idempotency-Key: kept by whoever sends it, until it is answered. */
  key?: string | undefined;
  accept?: string;
  signal?: AbortSignal | undefined;
}

/** A successful response. */
export interface Answer {
  text: string;
  headers: Headers;
}

/**
 * Sends a request to `path` under `base`, such as `/api/payments`, again after `Retry-After`, with
 * the same key.
 *
 * @throws {FareboxError} where Farebox refuses it.
 * @throws {Unreachable} without an answer of Farebox's: it may have taken effect.
 */
export async function send(base: string, path: string, call: Call): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask(base, path, call);
    } catch (error) {
      const wait = error instanceof FareboxError ? error.retryAfter : undefined;
      const isOver = call.signal?.aborted || tries === MOST_TRIES;
      if (isOver || wait === undefined || wait > LONGEST_WAIT_S) throw error;
      await new Promise((done) => setTimeout(done, wait * 1000));
    }
  }
}

async function ask(base: string, path: string, call: Call): Promise<Answer> {
  const { response, text } = await exchange(url(base, path, call), call);
  if (response.ok) return { text, headers: response.headers };
  const error = new FareboxError(response, parsed(text));
  if (error.code === "not_configured") throw new Unreachable(error.message);
  // An error in another format is not from Farebox.
  if (error.code === "unknown") throw new Unreachable();
  throw error;
}

/** The data of a successful response. */
export async function dataOf<T>(base: string, path: string, call: Call): Promise<T> {
  return parse(await send(base, path, call));
}

/** Parses a response; one that is not JSON comes from something in between, such as a sign-in. */
export function parse<T>({ text }: Answer): T {
  const data = parsed(text);
  if (typeof data !== "object" || data === null) throw new Unreachable();
  return data as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function url(base: string, path: string, { query = {} }: Call): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) search.set(name, String(value));
  const asked = search.toString();
  return `${base.replace(/\/$/, "")}/${path}${asked && `?${asked}`}`;
}

async function exchange(
  url: string,
  { body, key, accept = "application/json", signal }: Call,
): Promise<{ response: Response; text: string }> {
  const ended = new AbortController();
  const end = () => ended.abort();
  const timer = setTimeout(end, PATIENCE_MS);
  signal?.addEventListener("abort", end);
  if (signal?.aborted) end();
  try {
    const response = await fetch(url, {
      method: body ? "POST" : "GET",
      headers: {
        accept,
        ...(body && { "content-type": "application/json" }),
        ...(key !== undefined && { "idempotency-key": key }),
      },
      ...(body && { body: JSON.stringify(body) }),
      cache: "no-store",
      credentials: "same-origin",
      signal: ended.signal,
    });
    return { response, text: await response.text() };
  } catch {
    throw new Unreachable();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  }
}
