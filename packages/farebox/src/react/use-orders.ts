// Orders in pages, the newest first: those that were read so far.

"use client";

import { useEffect, useState } from "react";
import { useSettings } from "./context.js";
import { usePageShown } from "./hooks.js";
import { listOrders, type Order, type OrderQuery } from "./requests.js";
import type { Doing } from "./texts.js";
import { useTrouble, type Trouble } from "./trouble.js";

export interface ListedOrders {
  /** The orders that were read so far. */
  orders: readonly Order[];
  /** True while a page is read. */
  isBusy: boolean;
  /** Reads the next page; `null` while one is read, and after the last one. */
  more: (() => void) | null;
  /** Why the latest page has no answer; `again` asks for it once more. */
  trouble: Trouble | null;
  /** After `trouble` reads the same page, and else all from the newest on. */
  again: () => void;
}

interface Asked {
  name: string;
  cursor: string | undefined;
  round: number;
}

interface Read {
  name: string;
  orders: readonly Order[];
  end: { next: string | null } | { error: unknown } | null;
}

/**
 * The caller's orders, and for staff everybody's, filtered by `query`. `doing` is `list` for staff,
 * who read orders of others.
 */
export function useOrders(
  query: OrderQuery = {},
  doing: Extract<Doing, "orders" | "list"> = "orders",
): ListedOrders {
  const { basePath } = useSettings();
  const filter = JSON.stringify(query);
  const name = `${basePath} ${filter}`;
  const [asked, setAsked] = useState<Asked>({ name, cursor: undefined, round: 0 });
  const [read, setRead] = useState<Read>({ name, orders: [], end: null });
  const trouble = useTrouble(doing);
  // Another query begins anew.
  const cursor = asked.name === name ? asked.cursor : undefined;
  const { round } = asked;

  useEffect(() => {
    const ended = new AbortController();
    const page = JSON.parse(filter) as OrderQuery;
    if (cursor !== undefined) page.cursor = cursor;
    const tell = (more: readonly Order[], end: Read["end"]) =>
      setRead((before) => {
        const earlier = before.name === name && cursor !== undefined ? before.orders : [];
        const isFailed = end !== null && "error" in end;
        return { name, orders: isFailed ? earlier : [...earlier, ...more], end };
      });
    listOrders(basePath, page, ended.signal).then(
      ({ orders, nextCursor }) => ended.signal.aborted || tell(orders, { next: nextCursor }),
      (error: unknown) => ended.signal.aborted || tell([], { error }),
    );
    return () => ended.abort();
  }, [basePath, filter, name, cursor, round]);

  const known: Read = read.name === name ? read : { name, orders: [], end: null };
  const { end } = known;
  const ask = (cursor: string | undefined) => {
    setRead({ ...known, end: null });
    setAsked({ name, cursor, round: round + 1 });
  };
  const next = end && "next" in end ? end.next : null;
  const failed = end && "error" in end ? trouble(end.error) : null;
  const again = () => ask(failed ? cursor : undefined);
  usePageShown(again);
  return {
    orders: known.orders,
    isBusy: end === null,
    more: next === null ? null : () => ask(next),
    trouble: failed,
    again,
  };
}
