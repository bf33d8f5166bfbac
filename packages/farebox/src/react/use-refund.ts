// A refund: sent once, and kept until it is answered.

"use client";

import { useMemo, useState, useSyncExternalStore } from "react";
import { FareboxError, type Schemas } from "../index.js";
import { useSettings } from "./context.js";
import { newKey } from "./key.js";
import { refund, type Order } from "./requests.js";
import { useTrouble, type Trouble } from "./trouble.js";
import { isRefused, unansweredOf, type Unanswered } from "./unanswered.js";

/** What is refunded, in minor units of the order's currency. */
export type Wanted = Omit<Unanswered, "orderId" | "key">;

export interface Refunding {
  isBusy: boolean;
  /** The refund without a response, which alone can be retried; `null` where there is none. */
  unanswered: Unanswered | null;
  /** The latest answer. */
  made: Schemas["RefundCreated"] | null;
  trouble: Trouble | null;
  /** Asks for a refund, unless one has no response yet. */
  give: (wanted: Wanted) => Promise<Given>;
  /** Sends the refund without a response again: it is made at most once. */
  retry: () => Promise<Given>;
}

/**
 * What became of a refund. `needs_email` where Stripe needs the customer's e-mail address, and
 * nothing was refunded; `unknown` without a response.
 */
export type Given = "made" | "refused" | "needs_email" | "unknown";

/** Refunds of an order by the staff member with the id `account`. */
export function useRefund({ orderId }: Pick<Order, "orderId">, account: string): Refunding {
  const { basePath } = useSettings();
  const stored = useMemo(() => unansweredOf(account, orderId), [account, orderId]);
  const unanswered = useSyncExternalStore(stored.subscribe, stored.read, stored.initially);
  const [isBusy, setIsBusy] = useState(false);
  const [made, setMade] = useState<Schemas["RefundCreated"] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const trouble = useTrouble("refund")(error);

  async function send(asked: Unanswered, isFirst: boolean): Promise<Given> {
    setIsBusy(true);
    setError(null);
    setMade(null);
    // Stored before it is sent, so that a reloaded page retries the same refund.
    stored.write(asked);
    const { key, ...contents } = asked;
    try {
      setMade(await refund(basePath, key, contents));
      stored.write(null);
      return "made";
    } catch (error) {
      setError(error);
      if (!isRefused(error, isFirst)) return "unknown";
      stored.write(null);
      const needsEmail = error instanceof FareboxError && error.code === "refund_needs_email";
      return needsEmail ? "needs_email" : "refused";
    } finally {
      setIsBusy(false);
    }
  }

  return {
    isBusy,
    unanswered,
    made,
    trouble,
    give: async (wanted) =>
      stored.read() === null ? send({ orderId, ...wanted, key: newKey() }, true) : "unknown",
    retry: async () => {
      const asked = stored.read();
      // Another tab has had the response.
      return asked === null ? "unknown" : send(asked, false);
    },
  };
}
