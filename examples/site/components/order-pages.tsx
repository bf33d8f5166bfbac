// Orders in pages, the newest first: those that were read so far.

"use client";

import { Notice, useOrders, type Order, type OrderQuery } from "farebox/react";
import type { ReactNode } from "react";
import { Waiting } from "./waiting";

interface Props {
  query?: OrderQuery;
  /** `list` for staff. */
  doing?: "orders" | "list";
  line: (order: Order) => ReactNode;
  /** Shown without any order. */
  empty: ReactNode;
}

export function OrderPages({ query, doing, line, empty }: Props) {
  const { orders, isBusy, more, trouble, again } = useOrders(query, doing);
  return (
    <>
      {orders.length > 0 && <ul className="orders">{orders.map(line)}</ul>}
      {isBusy && <Waiting what="the orders" />}
      {trouble && <Notice trouble={trouble} again={again} />}
      {!isBusy && !trouble && !more && orders.length === 0 && empty}
      {more && (
        <>
          {orders.length === 0 && <p role="status">None of the newest orders.</p>}
          <button className="more" onClick={more}>
            Older orders
          </button>
        </>
      )}
    </>
  );
}
