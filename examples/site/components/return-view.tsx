// The result of a payment.

"use client";

import { isPlan, Notice, useOrder } from "farebox/react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useState, type ReactNode } from "react";
import { isCancelable } from "@/lib/cancelable";
import { empty } from "@/lib/cart";
import { goods } from "@/lib/goods";
import { awaitingInFull } from "@/lib/words";
import { Amounts } from "./amounts";
import { CancelOrder } from "./cancel-order";
import { Moment } from "./order-line";
import { PayNow } from "./pay-now";
import { PlanBegun } from "./plan-begun";
import { Told, type Result } from "./told";
import { Waiting } from "./waiting";

/** `isWrapped` where the order was fulfilled when the page was rendered. */
export function ReturnView({ orderId, isWrapped }: { orderId: string; isWrapped: boolean }) {
  const { order, outcome, title, message, trouble, refresh } = useOrder(orderId, {
    onCartDone: empty,
  });
  const [result, setResult] = useState<Result>(null);
  const router = useRouter();

  useEffect(() => {
    if (outcome === "paid" && !isWrapped) router.refresh();
  }, [outcome, isWrapped, router]);

  if (!order && trouble) return <Unknown notice={<Notice trouble={trouble} />} />;
  if (!order || !outcome) return <Waiting what="your order" />;
  const mayCancel = (outcome === "open" || outcome === "failed") && isCancelable(order);

  function canceled(result: Result) {
    refresh();
    setResult(result);
  }

  return (
    <section className="outcome" data-state={outcome} aria-live="polite">
      <h1>{title}</h1>
      <p>
        {order.awaiting ? awaitingInFull(order.awaiting) : message}
        {outcome === "paid" && isWrapped && " We wrap it in paper now."}
      </p>
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
          <PlanNext state={outcome} />
        ) : (
          <>
            {outcome === "open" && !trouble && <PayNow order={order}>Pay now</PayNow>}
            {outcome === "failed" && <PayNow order={order}>Try another card</PayNow>}
            {outcome === "expired" && <PayNow order={order}>Pay now</PayNow>}
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
