// The caller's orders, each with what they can do with it.

"use client";

import { PortalButton, useFarebox, type Order } from "farebox/react";
import Link from "next/link";
import { useState } from "react";
import { isCancelable } from "@/lib/cancelable";
import { goods } from "@/lib/goods";
import { returnPath } from "@/lib/return-path";
import { heldWords } from "@/lib/words";
import { CancelOrder } from "./cancel-order";
import { OrderLine } from "./order-line";
import { OrderPages } from "./order-pages";
import { Told, type Result } from "./told";

export function MyOrders({ isCustomer }: { isCustomer: boolean }) {
  return (
    <>
      <OrderPages
        line={(order) => <MyOrder key={order.orderId} listed={order} />}
        empty={<NoOrders />}
      />
      {isCustomer && (
        <div className="portal">
          <PortalButton returnUrl="/orders" className="quiet" />
        </div>
      )}
    </>
  );
}

function MyOrder({ listed }: { listed: Order }) {
  const farebox = useFarebox();
  const [order, setOrder] = useState(listed);
  const [result, setResult] = useState<Result>(null);
  const isOpen = isCancelable(order);

  async function done(result: Result) {
    // Without an answer the line stays as it is, and the result tells what is known.
    await farebox.order(order.orderId, { refresh: true }).then(setOrder, () => undefined);
    setResult(result);
  }

  const actions = (isOpen || result || order.status === "authorized") && (
    <>
      {order.status === "authorized" && <p className="small">{heldWords(order)}</p>}
      <Told result={result} />
      {isOpen && <CancelOrder order={order} done={done} />}
    </>
  );
  return (
    <OrderLine order={order} actions={actions}>
      <Link href={returnPath(order.orderId)}>{goods(order)}</Link>
    </OrderLine>
  );
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
