// Reads the bytes of a notification, up to a limit, from a Fetch request or a Node request.

import type { IncomingMessage } from "node:http";
import { malformed, tooLarge } from "./errors.js";

/**
 * The longest accepted body, in bytes. Farebox accepts events of Stripe up to 1 MiB, and forwards
 * them in an envelope of a few bytes.
 */
export const LONGEST_BODY = 1024 * 1024 + 64 * 1024;

/**
 * The body as text that has exactly its bytes.
 *
 * @throws {NotificationError} for a body over the limit, and for one that is not UTF-8.
 */
export async function readText(chunks: AsyncIterable<Uint8Array> | null): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks ?? []) {
    length += chunk.byteLength;
    if (length > LONGEST_BODY) throw tooLarge();
    parts.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return exactText(bytes);
}

/** The text with exactly these bytes: malformed UTF-8 is refused, and a byte order mark is kept. */
export function exactText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("the body is not UTF-8");
  }
}

/** The chunks of a Fetch request's body. */
export async function* chunksOf(request: Request): AsyncIterable<Uint8Array> {
  const reader = request.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Where the body is too long, nobody reads its rest.
    await reader.cancel().catch(() => {});
  }
}

/**
 * The chunks of a Node request's body.
 *
 * @throws where a body parser has read it.
 */
export function chunksOfNode(request: IncomingMessage): AsyncIterable<Uint8Array> {
  if (request.readableEnded || request.readableDidRead) {
    throw new TypeError(
      "the body was already read: export `config = { api: { bodyParser: false } }` beside the " +
        "handler",
    );
  }
  return request;
}
