// An order for staff: its state, what can be done with it, and its refunds.

"use client";

import type { Order } from "farebox/react";
import { useState } from "react";
import { isCancelable } from "@/lib/cancelable";
import { goods } from "@/lib/goods";
import { money } from "@/lib/money";
import { awaitingForStaff, CANCEL_REASONS } from "@/lib/words";
import { Amounts } from "./amounts";
import type { Staff } from "./find-order";
import { Badge, Moment } from "./order-line";
import { RefundTrail } from "./refund-trail";
import { StaffActions } from "./staff-actions";
import { Told, type Result } from "./told";

interface Props extends Staff {
  order: Order;
  /** Reads the order anew. */
  changed: () => Promise<void>;
}

export function StaffOrder({ order, account, mayChange, names, changed }: Props) {
  const { orderId, status, currency, refunds = [] } = order;
  const [result, setResult] = useState<Result>(null);

  async function done(result: Result) {
    await changed();
    setResult(result);
  }

  return (
    <article className="staff-order" data-status={status}>
      <header>
        <h2>{orderId}</h2>
        <Badge order={order} />
      </header>
      <Told result={result} />
      <div className="desk">
        <div>
          <Facts order={order} />
        </div>
        <StaffActions {...{ order, account, mayChange, changed, done }} />
      </div>
      <h3 id="trail" tabIndex={-1}>
        Refunds
      </h3>
      <RefundTrail refunds={refunds} currency={currency} names={names} />
    </article>
  );
}

function Facts({ order }: { order: Order }) {
  const { currency, refundedAmount, createdAt, paidAt, expiresAt, cancelReason } = order;
  const pending = order.refundPendingAmount;
  return (
    <dl className="facts">
      <dt>Goods</dt>
      <dd>{goods(order)}</dd>
      <Amounts order={order} />
      <dt>Refunded</dt>
      <dd aria-live="polite">
        {money(refundedAmount, currency)}
        {pending > 0 && `, and ${money(pending, currency)} pending`}
      </dd>
      <dt>Ordered</dt>
      <dd>
        <Moment at={createdAt} />
      </dd>
      <dt>Paid</dt>
      <dd>{paidAt === null ? "not yet" : <Moment at={paidAt} />}</dd>
      {expiresAt !== undefined && isCancelable(order) && (
        <>
          <dt>To be paid by</dt>
          <dd>
            <Moment at={expiresAt} />
          </dd>
        </>
      )}
      {cancelReason && (
        <>
          <dt>Canceled</dt>
          <dd>{CANCEL_REASONS[cancelReason]}</dd>
        </>
      )}
      {order.awaiting && (
        <>
          <dt>Waits for</dt>
          <dd>{awaitingForStaff(order.awaiting)}</dd>
        </>
      )}
    </dl>
  );
}
