// An order as staff see it: its state, its refunds, and a way to give money back.

"use client";

import { money } from "@/lib/money";
import type { Order, RefundRecord } from "@/lib/payments";
import { REASONS, REFUND_STATES } from "@/lib/words";
import { Badge, Moment } from "./order-line";
import { RefundForm } from "./refund-form";

interface Props {
  order: Order;
  mayRefund: boolean;
  /** After money was given back. */
  changed: () => Promise<void>;
}

export function StaffOrder({ order, mayRefund, changed }: Props) {
  const { orderId, status, amount, currency, refundedAmount, createdAt, paidAt, refunds = [] } = order;
  const pending = order.refundPendingAmount;
  const left = paidAt === null ? 0 : amount - refundedAmount - pending;
  return (
    <article className="staff-order" data-status={status}>
      <header>
        <h2>{orderId}</h2>
        <Badge status={status} />
      </header>
      <div className="desk">
        <div>
          <dl className="facts">
            <dt>Amount</dt>
            <dd>{money(amount, currency)}</dd>
            <dt>Given back</dt>
            <dd aria-live="polite">
              {money(refundedAmount, currency)}
              {pending > 0 && `, and ${money(pending, currency)} on its way`}
            </dd>
            <dt>Ordered</dt>
            <dd>
              <Moment at={createdAt} />
            </dd>
            <dt>Paid</dt>
            <dd>{paidAt === null ? "not yet" : <Moment at={paidAt} />}</dd>
          </dl>
        </div>
        <section className="summary" aria-labelledby="give">
          <h3 id="give">Give money back</h3>
          {!mayRefund && <p>Your account reads orders. Somebody of finance gives money back.</p>}
          {mayRefund && left === 0 && <p>{paidAt === null ? "Nothing was paid yet." : pending ? "The rest is on its way." : "All of it went back."}</p>}
          {mayRefund && left > 0 && <RefundForm order={order} left={left} done={changed} />}
        </section>
      </div>
      <h3 id="trail" tabIndex={-1}>
        What was given back
      </h3>
      <Trail refunds={refunds} currency={currency} />
    </article>
  );
}

function Trail({ refunds, currency }: { refunds: RefundRecord[]; currency: string }) {
  if (refunds.length === 0) return <p>Nothing so far.</p>;
  return (
    <div className="scroll" tabIndex={0} role="region" aria-labelledby="trail">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Amount</th>
            <th scope="col">Why</th>
            <th scope="col">State</th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {refunds.map((refund, index) => (
            <tr key={index} data-state={refund.status}>
              <td>{refund.requestedAt === null ? "—" : <Moment at={refund.requestedAt} />}</td>
              <td>{money(refund.amount, currency)}</td>
              <td>{refund.reason === null ? "—" : REASONS[refund.reason]}</td>
              <td>
                {REFUND_STATES[refund.status]}
                {refund.refundId && <code>{refund.refundId}</code>}
              </td>
              <td>{refund.requestedBy === null ? "outside of this page" : <code>{refund.requestedBy}</code>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
