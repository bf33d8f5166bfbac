// The interface between notifications and the site's own database. farebox/stores/* implement it
// for pg, Drizzle and Prisma; docs/notifications.md says how to write one for another database.

/** A verified message, as a store notes it. It holds nothing personal about the payer. */
export interface Received {
  /** `msg_…`, the same in each delivery of the message. */
  readonly id: string;
  /** Such as `order.paid`. */
  readonly type: string;
  /** What the message is about; null for a forwarded Stripe event, which has no version. */
  readonly object: ReceivedObject | null;
}

/** The object of a message, in the message's version. */
export interface ReceivedObject {
  /** `order:ord_…`, `subscription:sub_…` or `entitlements:` and the caller's id. */
  readonly name: string;
  /** The version; a higher one is newer. */
  readonly version: number;
  /** The object in this version, as JSON without the payer. */
  readonly state: Readonly<Record<string, unknown>>;
}

/** The newest version of an object that the store knows, the message's own included. */
export interface Known {
  readonly version: number;
  readonly state: Readonly<Record<string, unknown>>;
}

/**
 * Keeps the ids of handled messages and the newest version of each object. `Tx` is the database's
 * transaction, which each handler receives.
 */
export interface NotificationStore<Tx> {
  /**
   * Runs `work` once for the id of `message`, in one transaction:
   *
   * 1. Notes the id. Waits for a transaction that noted the same id and has not ended. An id that
   *    was noted before ends it: `"repeated"`.
   * 2. Notes the object, unless a higher version of it is noted. Waits for a transaction that noted
   *    the same object and has not ended.
   * 3. Calls `work` with the transaction and with what is then noted of the object, or null.
   * 4. Commits, and only then resolves with `"handled"`.
   *
   * It rejects where `work` rejects, and where the commit fails or its outcome is unknown; in the
   * first case all is rolled back.
   */
  once(
    message: Received,
    work: (tx: Tx, known: Known | null) => Promise<void>,
  ): Promise<"handled" | "repeated">;
}

/**
 * The days for which a store keeps the id of a handled message. Farebox sends a message for two
 * days, and then again where an operator redelivers a dead letter.
 */
export const KEPT_DAYS = 30;
