// The caller's orders.

"use client";

import Link from "next/link";
import { goods } from "@/lib/goods";
import { returnPath } from "@/lib/return-path";
import { OrderLine } from "./order-line";
import { OrderPages } from "./order-pages";
import { PortalButton } from "./portal-button";

export function MyOrders({ isCustomer }: { isCustomer: boolean }) {
  return (
    <>
      <OrderPages
        query={{}}
        doing="orders"
        line={(order) => (
          <OrderLine key={order.orderId} order={order}>
            <Link href={returnPath(order.orderId)}>{goods(order)}</Link>
          </OrderLine>
        )}
        empty={<NoOrders />}
      />
      {isCustomer && <PortalButton />}
    </>
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
