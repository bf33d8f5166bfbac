// How a payment went: it is watched until the order is decided.

"use client";

import Link from "next/link";
import { useEffect, type ReactNode } from "react";
import { clearOf } from "@/lib/cart";
import { keepOrder } from "@/lib/kept-orders";
import { money } from "@/lib/money";
import type { Order } from "@/lib/payments";
import { returnPath, type Hint } from "@/lib/return-path";
import { isOpen, useOrder } from "@/lib/use-order";
import { Notice } from "./notice";
import { Waiting } from "./waiting";

type State = "processing" | "paid" | "failed" | "refunded";

export function ReturnView({ orderId, hint }: { orderId: string; hint: Hint }) {
  const { order, trouble, isLong } = useOrder(orderId);

  useEffect(() => {
    // The address as Stripe made it holds the payment's client secret: it does not stay in the history.
    window.history.replaceState(window.history.state, "", returnPath(orderId, hint));
  }, [orderId, hint]);

  const isPaid = order !== null && !isOpen(order.status) && order.status !== "canceled";
  useEffect(() => {
    if (order) keepOrder(order.orderId);
    if (order && (isPaid || order.status === "processing")) clearOf(order.orderId);
  }, [order, isPaid]);

  if (!order && trouble) return <Unknown notice={<Notice trouble={trouble} />} />;
  if (!order) return <Waiting what="your order" />;
  const state = stateOf(order, hint);
  return (
    <section className="outcome" data-state={state} aria-live="polite">
      <h1>{TITLES[state]}</h1>
      <p>{sentence(state, isLong)}</p>
      {trouble && <p className="small">{trouble.text} This page goes on asking.</p>}
      <dl className="facts">
        <dt>Order</dt>
        <dd>{order.orderId}</dd>
        <dt>Amount</dt>
        <dd>{money(order.amount, order.currency)}</dd>
      </dl>
      <p className="after">
        {state === "failed" && order.status !== "canceled" && (
          <Link className="button" href="/checkout">
            Try another card
          </Link>
        )}
        <Link className="button quiet" href="/orders">
          Your orders
        </Link>
      </p>
    </section>
  );
}

function stateOf({ status }: Order, hint: Hint): State {
  if (status === "canceled") return "failed";
  // An order that a first card failed to pay is `failed` until the webhook of the second comes.
  if (isOpen(status)) return hint === "failed" || (status === "failed" && hint === null) ? "failed" : "processing";
  return status === "refunded" || status === "partially_refunded" ? "refunded" : "paid";
}

const TITLES: Record<State, string> = {
  processing: "Just a moment",
  paid: "Thank you",
  failed: "Not paid",
  refunded: "Money went back",
};

function sentence(state: State, isLong: boolean): string {
  switch (state) {
    case "processing":
      return isLong
        ? "We are still waiting to hear of your payment. You may close this page: it is under your orders once we know."
        : "We are waiting to hear of your payment.";
    case "paid":
      return "Your order is paid. We wrap it in paper now.";
    case "failed":
      return "The payment did not go through, and nothing was charged. Your cart is as it was.";
    case "refunded":
      return "This order was paid, and money was given back since.";
  }
}

function Unknown({ notice }: { notice: ReactNode }) {
  return (
    <>
      <h1>Your payment</h1>
      {notice}
      <p className="after">
        <Link className="button quiet" href="/orders">
          Your orders
        </Link>
      </p>
    </>
  );
}
