// Verifies that a notification came from Farebox: Standard Webhooks over the exact bytes, by one of
// the site's secrets, at most five minutes old.

import { Webhook } from "standardwebhooks";
import { origins, SettingError } from "../server/settings.js";
import { notSigned } from "./errors.js";

/** The headers that Farebox signs with the body. */
export interface SignedHeaders {
  id: string;
  timestamp: string;
  signature: string;
}

const ID = /^[A-Za-z0-9_.-]{1,128}$/;
const SECONDS = /^[0-9]{1,12}$/;
const SHORTEST_KEY = 24;
/** Rotation needs two. */
const MOST_SECRETS = 8;
const LONGEST_SIGNATURES = 4096;

/**
 * Reads `FAREBOX_NOTIFY_SECRET`: one secret, or several separated by commas while a secret is
 * rotated.
 *
 * @throws {SettingError}
 */
export function readSecrets(text: string): Webhook[] {
  if (text === "") throw wrong("is not set");
  const secrets = text.split(",").map((secret) => secret.trim());
  if (secrets.length > MOST_SECRETS) throw wrong(`has more than ${MOST_SECRETS} secrets`);
  return secrets.map(reader);
}

const NAME = "FAREBOX_NOTIFY_SECRET";

const wrong = (fault: string): SettingError =>
  new SettingError(NAME, `${NAME} ${fault}`, `; it comes from ${origins()}`);

function reader(secret: string): Webhook {
  const base64 = secret.startsWith("whsec_") ? secret.slice("whsec_".length) : "";
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(base64) && base64.length % 4 === 0;
  const bytes = isBase64 ? (base64.replace(/=+$/, "").length * 3) >> 2 : 0;
  if (bytes < SHORTEST_KEY) {
    throw wrong(`must be \`whsec_\` and the base64 of at least ${SHORTEST_KEY} random bytes`);
  }
  return new Webhook(secret);
}

/**
 * The headers of a signature.
 *
 * @throws {NotificationError} where one is missing or malformed.
 */
export function signedHeaders(header: (name: string) => string | null | undefined): SignedHeaders {
  const named = (name: string, form: (text: string) => boolean): string => {
    const text = header(name);
    if (typeof text !== "string") throw notSigned(`there is no ${name} header`);
    if (!form(text)) throw notSigned(`the ${name} header is malformed`);
    return text;
  };
  return {
    id: named("webhook-id", (text) => ID.test(text)),
    timestamp: named("webhook-timestamp", (text) => SECONDS.test(text)),
    signature: named("webhook-signature", (text) => text.length <= LONGEST_SIGNATURES),
  };
}

/**
 * Checks the signatures over `body` by every secret.
 *
 * @throws {NotificationError} where none matches, or where the time is more than five minutes off.
 */
export function verify(body: string, headers: SignedHeaders, secrets: readonly Webhook[]): void {
  const signed = {
    "webhook-id": headers.id,
    "webhook-timestamp": headers.timestamp,
    "webhook-signature": headers.signature,
  };
  let reason = "there is no secret";
  for (const secret of secrets) {
    try {
      secret.verify(body, signed, { jsonParse: false });
      return;
    } catch (error) {
      reason = error instanceof Error ? error.message : "unknown";
    }
  }
  throw notSigned(reason);
}
