// The result of a payment: polls the order until its status is final.

"use client";

import Link from "next/link";
import { useEffect, useState, type ReactNode } from "react";
import { isCancelable } from "@/lib/cancelable";
import { clearOf } from "@/lib/cart";
import { goods } from "@/lib/goods";
import { sentence, stateOf, TITLES } from "@/lib/outcome";
import type { Status } from "@/lib/payments";
import { isPlan } from "@/lib/plans";
import { returnPath, type Hint } from "@/lib/return-path";
import { isOpen, useOrder } from "@/lib/use-order";
import { Amounts } from "./amounts";
import { CancelOrder } from "./cancel-order";
import { Notice } from "./notice";
import { Moment } from "./order-line";
import { PayNow } from "./pay-now";
import { PlanBegun } from "./plan-begun";
import { Told, type Result } from "./told";
import { Waiting } from "./waiting";

/** Orders that were not paid, and are over: their cart stays. */
const UNPAID_ENDS: readonly Status[] = ["canceled", "expired"];

export function ReturnView({ orderId, hint }: { orderId: string; hint: Hint }) {
  const { order, trouble, isLong, again } = useOrder(orderId);
  const [result, setResult] = useState<Result>(null);

  useEffect(() => {
    // Stripe's URL contains the payment's client secret: remove it from the history.
    window.history.replaceState(window.history.state, "", returnPath(orderId, hint));
  }, [orderId, hint]);

  const isPaid =
    order !== null && !isOpen(order.status) && !UNPAID_ENDS.includes(order.status);
  useEffect(() => {
    if (order && (isPaid || order.awaiting || order.status === "processing"))
      clearOf(order.orderId);
  }, [order, isPaid]);

  if (!order && trouble) return <Unknown notice={<Notice trouble={trouble} />} />;
  if (!order) return <Waiting what="your order" />;
  const state = stateOf(order, hint);
  const mayCancel = (state === "open" || state === "failed") && isCancelable(order);

  function canceled(result: Result) {
    again();
    setResult(result);
  }

  return (
    <section className="outcome" data-state={state} aria-live="polite">
      <h1>{TITLES[state]}</h1>
      <p>{sentence(state, order, isLong)}</p>
      {trouble && <p className="small">{trouble.text}</p>}
      <Told result={result} />
      <dl className="facts">
        <dt>Goods</dt>
        <dd>{goods(order)}</dd>
        <dt>Order</dt>
        <dd>{order.orderId}</dd>
        <Amounts order={order} />
        {mayCancel && order.expiresAt !== undefined && (
          <>
            <dt>To be paid by</dt>
            <dd>
              <Moment at={order.expiresAt} />
            </dd>
          </>
        )}
      </dl>
      <p className="after">
        {isPlan(order) ? (
          <PlanNext state={state} />
        ) : (
          <>
            {state === "open" && !trouble && <PayNow order={order}>Pay now</PayNow>}
            {state === "failed" && <PayNow order={order}>Try another card</PayNow>}
            {state === "expired" && <PayNow order={order}>Pay now</PayNow>}
          </>
        )}
        <Link className="button quiet" href="/orders">
          Your orders
        </Link>
      </p>
      {mayCancel && <CancelOrder order={order} done={canceled} />}
    </section>
  );
}

/** Where a plan's payer goes on. */
function PlanNext({ state }: { state: string }) {
  if (state === "paid") return <PlanBegun />;
  if (!["open", "failed", "expired", "canceled"].includes(state)) return null;
  return (
    <Link className="button" href="/pricing">
      To the plans
    </Link>
  );
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
