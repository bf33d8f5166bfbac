// Reads subscriptions: the caller's own, or for staff those of an owner.

"use client";

import { useCallback, useEffect, useState } from "react";
import { readSubscriptions, type Subscriptions } from "./payments";
import { trouble, type Trouble } from "./words";

/** `null` until the answer; `trouble` without one, and then nothing older is shown. */
export type Plans = { known: Subscriptions } | { trouble: Trouble } | null;

interface Asked {
  owner?: string;
  /** Whether Farebox asks Stripe before, as after a visit to Stripe's pages. */
  isFresh?: boolean;
}

export function usePlans({ owner, isFresh = false }: Asked): {
  plans: Plans;
  again: () => Promise<void>;
} {
  const [plans, setPlans] = useState<Plans>(null);

  const read = useCallback(
    async (signal?: AbortSignal) => {
      const answer = await readSubscriptions({ owner, refresh: isFresh }, signal).then(
        (known) => ({ known }),
        (error: unknown) => ({ trouble: trouble(error, "plan") }),
      );
      if (!signal?.aborted) setPlans(answer);
    },
    [owner, isFresh],
  );

  useEffect(() => {
    const ended = new AbortController();
    void read(ended.signal);
    return () => ended.abort();
  }, [read]);

  return { plans, again: useCallback(() => read(), [read]) };
}
