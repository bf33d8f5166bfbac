// The result of a payment: polls the order until its status is final.

"use client";

import Link from "next/link";
import { useEffect, type ReactNode } from "react";
import { clearOf } from "@/lib/cart";
import { goods } from "@/lib/goods";
import { money } from "@/lib/money";
import type { Order } from "@/lib/payments";
import { returnPath, type Hint } from "@/lib/return-path";
import { isOpen, useOrder } from "@/lib/use-order";
import { awaitingNext, awaitingWords } from "@/lib/words";
import { Amounts } from "./amounts";
import { Notice } from "./notice";
import { PayNow } from "./pay-now";
import { Waiting } from "./waiting";

type State =
  "open" | "awaiting" | "processing" | "paid" | "failed" | "canceled" | "refunded" | "disputed";

export function ReturnView({ orderId, hint }: { orderId: string; hint: Hint }) {
  const { order, trouble, isLong } = useOrder(orderId);

  useEffect(() => {
    // Stripe's URL contains the payment's client secret: remove it from the history.
    window.history.replaceState(window.history.state, "", returnPath(orderId, hint));
  }, [orderId, hint]);

  const isPaid = order !== null && !isOpen(order.status) && order.status !== "canceled";
  useEffect(() => {
    if (order && (isPaid || order.awaiting || order.status === "processing"))
      clearOf(order.orderId);
  }, [order, isPaid]);

  if (!order && trouble) return <Unknown notice={<Notice trouble={trouble} />} />;
  if (!order) return <Waiting what="your order" />;
  const state = stateOf(order, hint);
  return (
    <section className="outcome" data-state={state} aria-live="polite">
      <h1>{TITLES[state]}</h1>
      <p>{sentence(state, order, isLong)}</p>
      {trouble && <p className="small">{trouble.text}</p>}
      <dl className="facts">
        <dt>Goods</dt>
        <dd>{goods(order)}</dd>
        <dt>Order</dt>
        <dd>{order.orderId}</dd>
        <Amounts order={order} />
      </dl>
      <p className="after">
        {state === "open" && !trouble && <PayNow order={order}>Pay now</PayNow>}
        {state === "failed" && <PayNow order={order}>Try another card</PayNow>}
        <Link className="button quiet" href="/orders">
          Your orders
        </Link>
      </p>
    </section>
  );
}

function stateOf({ status, awaiting }: Order, hint: Hint): State {
  if (awaiting) return "awaiting";
  switch (status) {
    case "canceled":
    case "processing":
      return status;
    case "disputed":
    case "dispute_lost":
      return "disputed";
    case "refunded":
    case "partially_refunded":
      return "refunded";
  }
  if (!isOpen(status)) return "paid";
  if (hint === "failed") return "failed";
  // After a declined card, the order stays `failed` until the webhook of the second card.
  if (hint === "succeeded") return "processing";
  return status === "failed" ? "failed" : "open";
}

const TITLES: Record<State, string> = {
  open: "No payment confirmed yet",
  awaiting: "Not paid yet",
  processing: "Just a moment",
  paid: "Thank you",
  failed: "No payment confirmed yet",
  canceled: "Canceled",
  refunded: "Refunded",
  disputed: "Disputed",
};

/** States only known facts: while the order is open, another payment of it may be in progress. */
function sentence(state: State, order: Order, isLong: boolean): string {
  const { status, amount, refundedAmount, refundPendingAmount, currency, awaiting } = order;
  const pending =
    refundPendingAmount > 0
      ? ` A refund of ${money(refundPendingAmount, currency)} is pending.`
      : "";
  switch (state) {
    case "open":
      return (
        "We have no confirmed payment for this order. If you have just paid, stay here: this " +
        "page updates when the payment is confirmed. Otherwise, you can pay now."
      );
    case "awaiting":
      return awaiting ? `${awaitingWords(awaiting)} ${awaitingNext(awaiting)}` : "";
    case "processing":
      return isLong
        ? "We are still waiting for the confirmation of your payment. You can close this page: " +
          "your orders will show the result."
        : "We are waiting for the confirmation of your payment.";
    case "paid":
      return `Your order is paid.${pending || " We wrap it in paper now."}`;
    case "failed":
      // A later attempt may have succeeded: its webhook has not arrived then.
      return (
        "The last known payment failed, and none is confirmed yet. If you have just paid again, " +
        "stay here: this page updates when the payment is confirmed. Otherwise, you can pay the " +
        "same order with another card; you are never charged twice."
      );
    case "canceled":
      return "This order was canceled, and can no longer be paid.";
    case "refunded":
      return (
        `This order was paid. Since then ` +
        (refundedAmount === amount ? "all" : money(refundedAmount, currency)) +
        ` of it was refunded.${pending}`
      );
    case "disputed":
      return status === "disputed"
        ? "This order was paid, and the payment is disputed: the bank will decide."
        : "This order was paid, and the bank decided the dispute for you.";
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
