// Verifies a notification for a site that handles it by itself, such as one on another framework.

import type { Notification } from "../events.js";
import { setting } from "../server/settings.js";
import { chunksOf } from "./body.js";
import { verified } from "./receive.js";

/** A request whose body was read already, as its exact bytes. */
export interface RawRequest {
  body: string | Uint8Array;
  headers: Headers | Record<string, string | string[] | undefined>;
}

/** A notification of Farebox's. A newer Farebox may send a `type` that the union lacks. */
export type VerifiedNotification = Notification & {
  /** `msg_…`, the same in each delivery: handle it once. */
  id: string;
};

/**
 * Checks the signature of a notification by `FAREBOX_NOTIFY_SECRET`, and its form. It does not know
 * which ids were handled, and which versions are late: `createFarebox` does, with a store.
 *
 * @throws {NotificationError} with the status to answer. @throws {SettingError}
 */
export async function verifyNotification(
  request: Request | RawRequest,
): Promise<VerifiedNotification> {
  const { id, envelope } = await verified(setting("FAREBOX_NOTIFY_SECRET"), {
    header: (name) => headerOf(request.headers, name),
    chunks: () => (request instanceof Request ? chunksOf(request) : bytesOf(request.body)),
  });
  return { ...envelope, id } as VerifiedNotification;
}

function headerOf(headers: RawRequest["headers"], name: string): string | null | undefined {
  if (headers instanceof Headers) return headers.get(name);
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name);
  const value = found?.[1];
  return Array.isArray(value) ? value.join(", ") : value;
}

async function* bytesOf(body: string | Uint8Array): AsyncIterable<Uint8Array> {
  yield typeof body === "string" ? new TextEncoder().encode(body) : body;
}
