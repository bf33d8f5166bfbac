// Answers of the notification route, in the form of Farebox's errors.

import type { NotificationError } from "./errors.js";

/** An answer, before it is a `Response` or written by Node. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Null for an empty body. */
  body: string | null;
}

/** Acknowledges a message. */
export const acknowledged = (): Answer => ({
  status: 204,
  headers: { "cache-control": "no-store" },
  body: null,
});

/** `{ error: { code, message, requestId } }`. */
export function refused({ status, code, message }: NotificationError, requestId: string): Answer {
  return {
    status,
    headers: {
      "cache-control": "no-store",
      "content-type": "application/json",
      "x-request-id": requestId,
      ...(status === 405 && { allow: "POST" }),
    },
    body: JSON.stringify({ error: { code, message, requestId } }),
  };
}

/** The form of the site's own request ids, which are in its log. */
export const newRequestId = (): string =>
  `site_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
