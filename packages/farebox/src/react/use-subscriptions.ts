// Reads subscriptions: the caller's own, or for staff those of an owner.

"use client";

import { useCallback, useEffect, useState } from "react";
import { useSettings } from "./context.js";
import { usePageShown } from "./hooks.js";
import { readSubscriptions, type Subscriptions } from "./requests.js";
import { useTrouble, type Trouble } from "./trouble.js";

export interface SubscriptionsOptions {
  /** For staff: the caller's id whose subscriptions are read. */
  owner?: string;
  /** Whether Farebox asks Stripe before, as after a visit to Stripe's pages. */
  refresh?: boolean;
  /** False where nothing is read, such as for a visitor who is not signed in. */
  isOn?: boolean;
}

export interface KnownSubscriptions {
  /** The subscriptions and what they entitle to; `null` until an answer, and without one. */
  subscriptions: Subscriptions | null;
  /** Why there is no answer: then nothing older is shown. */
  trouble: Trouble | null;
  /** Reads them anew; resolves with the answer. */
  again: () => Promise<void>;
}

export function useSubscriptions({
  owner,
  refresh = false,
  isOn = true,
}: SubscriptionsOptions = {}): KnownSubscriptions {
  const { basePath } = useSettings();
  const trouble = useTrouble("plan");
  const name = `${basePath} ${owner ?? ""}`;
  const [known, setKnown] = useState<{ name: string } & ({ data: Subscriptions } | Failed)>();

  const read = useCallback(
    async (signal?: AbortSignal) => {
      if (!isOn) return;
      const asked = { refresh, ...(owner && { owner }), ...(signal && { signal }) };
      const answer = await readSubscriptions(basePath, asked).then(
        (data) => ({ data }),
        (error: unknown) => ({ error }),
      );
      if (!signal?.aborted) setKnown({ name, ...answer });
    },
    [basePath, owner, refresh, isOn, name],
  );

  useEffect(() => {
    const ended = new AbortController();
    void read(ended.signal);
    return () => ended.abort();
  }, [read]);

  const again = useCallback(() => read(), [read]);
  usePageShown(() => void read());
  const seen = known?.name === name ? known : null;
  return {
    subscriptions: seen && "data" in seen ? seen.data : null,
    trouble: seen && "error" in seen ? trouble(seen.error) : null,
    again,
  };
}

interface Failed {
  error: unknown;
}
