// The caller's orders: all of a customer's; for a guest, those from this browser.

"use client";

import Link from "next/link";
import { useEffect, useState } from "react";
import { useKeptOrders } from "@/lib/hooks";
import { FareboxError, readCustomer, readOrder, type ListedOrder } from "@/lib/payments";
import { trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";
import { OrderLine } from "./order-line";
import { PortalButton } from "./portal-button";
import { Waiting } from "./waiting";

type Found = { orders: ListedOrder[] } | { trouble: Trouble };

export function MyOrders({ isCustomer }: { isCustomer: boolean }) {
  const ids = useKeptOrders();
  const [found, setFound] = useState<Found | null>(null);
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    if (!ids) return;
    const ended = new AbortController();
    const read = isCustomer ? readOwn : readKept;
    read(ended.signal, ids).then(
      (orders) => setFound({ orders }),
      (error: unknown) => ended.signal.aborted || setFound({ trouble: trouble(error, "orders") }),
    );
    return () => ended.abort();
  }, [ids, attempt, isCustomer]);

  const again = () => {
    setFound(null);
    setAttempt(attempt + 1);
  };
  if (!found) return <Waiting what="your orders" />;
  if ("trouble" in found) return <Notice trouble={found.trouble} again={again} />;
  if (found.orders.length === 0) return <NoOrders />;
  return (
    <>
      <ul className="orders">
        {found.orders.map((order) => (
          <OrderLine key={order.orderId} order={order} />
        ))}
      </ul>
      {isCustomer && <PortalButton />}
    </>
  );
}

async function readOwn(signal: AbortSignal): Promise<ListedOrder[]> {
  const { orders } = await readCustomer(signal);
  return Promise.all(
    orders.map((order) => (isUnderWay(order) ? withAwaited(order, signal) : order)),
  );
}

const isUnderWay = ({ status }: ListedOrder) =>
  status === "processing" || status === "requires_action";

/** The list does not contain `awaiting`; the order does. */
const withAwaited = (order: ListedOrder, signal: AbortSignal): Promise<ListedOrder> =>
  readOrder(order.orderId, signal).catch(() => order);

/** Reads only the caller's orders: another account may have used this browser. */
async function readKept(signal: AbortSignal, ids: readonly string[]): Promise<ListedOrder[]> {
  const one = (id: string) =>
    readOrder(id, signal).catch((error: unknown) => {
      if (error instanceof FareboxError && error.status === 404) return null;
      throw error;
    });
  const orders = await Promise.all(ids.map(one));
  return orders.filter((order) => order !== null);
}

function NoOrders() {
  return (
    <div className="empty">
      <p>No orders yet.</p>
      <Link className="button" href="/">
        Browse the shop
      </Link>
    </div>
  );
}
