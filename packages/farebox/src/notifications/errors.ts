// The errors of receiving a notification: what the caller may read, and what the log says.

/** A notification that is refused, or cannot be taken now. The message is for the caller. */
export class NotificationError extends Error {
  override readonly name: string = "NotificationError";
  constructor(
    /** The status of the answer. */
    readonly status: number,
    /** The code of the answer, one of docs/errors.md. */
    readonly code: string,
    message: string,
    /** The reason, for the log: an attacker need not read it. */
    readonly reason: string = message,
  ) {
    super(message);
  }
}

/** The signature is missing, forged or old. */
export const notSigned = (reason: string): NotificationError =>
  new NotificationError(400, "bad_signature", "the signature does not match", reason);

/** A signed body that is no notification; `fault` names the field. */
export const malformed = (fault: string): NotificationError =>
  new NotificationError(400, "invalid_request", fault);

/** A body over the limit. */
export const tooLarge = (): NotificationError =>
  new NotificationError(413, "body_too_large", "the body is too large");

/** A setting is missing or wrong. The text never has its value. */
export const notConfigured = (fault: string): NotificationError =>
  new NotificationError(503, "not_configured", fault);
