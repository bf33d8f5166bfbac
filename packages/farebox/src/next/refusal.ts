// Error responses of the site's own, in Farebox's form.

import { CallerError } from "../server/caller.js";
import { SettingError } from "../server/settings.js";

/** The headers of every answer: no cache keeps it, and no browser guesses its type. */
export const OWN_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** An error that a request ends with. `log` is for the site's operator alone. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly log?: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** The error response for `cause`. The site's own faults are logged under the request's id. */
export function refusal(cause: unknown): Response {
  const { status, code, message, log, headers } = toRefusal(cause);
  const requestId = `site_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  if (log !== undefined) console.error(`farebox: ${requestId}: ${log}`);
  return Response.json(
    { error: { code, message, requestId } },
    { status, headers: { ...headers, ...OWN_HEADERS, "x-request-id": requestId } },
  );
}

function toRefusal(cause: unknown): Refusal {
  if (cause instanceof Refusal) return cause;
  if (cause instanceof SettingError)
    return new Refusal(503, "not_configured", cause.fault, cause.message);
  if (cause instanceof CallerError)
    return new Refusal(500, "internal", cause.message, cause.message);
  return new Refusal(500, "internal", "this site failed to send the request", described(cause));
}

/** An error for the log. */
export const described = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : "unknown";
