// Orders in pages, the newest first: those that were read so far.

"use client";

import { useEffect, useState, type ReactNode } from "react";
import { listOrders, type Order, type OrderQuery } from "@/lib/payments";
import { trouble, type Doing, type Trouble } from "@/lib/words";
import { Notice } from "./notice";
import { Waiting } from "./waiting";

interface Props {
  /** A list with another query needs another key. */
  query: OrderQuery;
  doing: Doing;
  line: (order: Order) => ReactNode;
  /** Shown without any order. */
  empty: ReactNode;
}

type End = { next: string | null } | { trouble: Trouble };

export function OrderPages({ query, doing, line, empty }: Props) {
  const [orders, setOrders] = useState<Order[]>([]);
  const [wanted, setWanted] = useState(query);
  const [end, setEnd] = useState<End | null>(null);

  useEffect(() => {
    const ended = new AbortController();
    listOrders(wanted, ended.signal).then(
      ({ orders: more, nextCursor }) => {
        if (ended.signal.aborted) return;
        setOrders((before) => [...before, ...more]);
        setEnd({ next: nextCursor });
      },
      (error: unknown) => ended.signal.aborted || setEnd({ trouble: trouble(error, doing) }),
    );
    return () => ended.abort();
  }, [wanted, doing]);

  const read = (more: OrderQuery) => {
    setEnd(null);
    setWanted({ ...wanted, ...more });
  };
  const next = end && "next" in end ? end.next : null;
  return (
    <>
      {orders.length > 0 && <ul className="orders">{orders.map(line)}</ul>}
      {!end && <Waiting what="the orders" />}
      {end && "trouble" in end && <Notice trouble={end.trouble} again={() => read({})} />}
      {end && "next" in end && orders.length === 0 && next === null && empty}
      {next !== null && (
        <>
          {orders.length === 0 && <p role="status">None of the newest orders.</p>}
          <button className="more" onClick={() => read({ cursor: next })}>
            Older orders
          </button>
        </>
      )}
    </>
  );
}
