// Polls an order until its status is final.

"use client";

import { useEffect, useState } from "react";
import { FareboxError, readOrder, type Order, type Status } from "./payments";
import { trouble, type Trouble } from "./words";

const OPEN: readonly Status[] = ["created", "requires_action", "processing", "failed"];
/** Polls often at first, then seldom: later the page may only be left open. */
const SOON_MS = 1000;
const LATER_MS = 5000;
const SOON_FOR = 30;
/** After this time, the page tells the payer that they can leave. */
const LONG_MS = 6000;

/** Returns true while a payment can still change the order. */
export const isOpen = (status: Status) => OPEN.includes(status);

export interface Watched {
  order: Order | null;
  trouble: Trouble | null;
  /** True after a long wait. */
  isLong: boolean;
  /** Reads the order at once, as after a change of it. */
  again: () => void;
}

/**
 * Polls the order until its status is final. Without a response, it reports the problem and
 * continues.
 */
export function useOrder(id: string): Watched {
  const [watched, setWatched] = useState<Pick<Watched, "order" | "trouble">>({
    order: null,
    trouble: null,
  });
  const [isLong, setIsLong] = useState(false);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (tries: number) => {
      const read = readOrder(id, ended.signal, { refresh: true });
      const found = await read.catch((error: unknown) => error as Error);
      if (ended.signal.aborted) return;
      const isWrong = found instanceof Error;
      setWatched((before) => ({
        order: isWrong ? before.order : found,
        trouble: isWrong ? trouble(found, "payment") : null,
      }));
      const isFinal = isWrong
        ? found instanceof FareboxError && found.status < 500
        : !isOpen(found.status);
      if (!isFinal) timer = setTimeout(look, tries < SOON_FOR ? SOON_MS : LATER_MS, tries + 1);
    };
    void look(1);
    const long = setTimeout(setIsLong, LONG_MS, true);
    return () => {
      ended.abort();
      clearTimeout(timer);
      clearTimeout(long);
    };
  }, [id, round]);
  return { ...watched, isLong, again: () => setRound(round + 1) };
}
