// An order for staff: its state, its refunds, and the refund form.

"use client";

import { goods } from "@/lib/goods";
import { money } from "@/lib/money";
import type { Order, RefundRecord } from "@/lib/payments";
import { awaitingForStaff, REASONS, REFUND_STATES } from "@/lib/words";
import { Amounts } from "./amounts";
import type { Staff } from "./find-order";
import { Badge, Moment } from "./order-line";
import { RefundForm } from "./refund-form";

interface Props extends Staff {
  order: Order;
  /** Called after a refund. */
  changed: () => Promise<void>;
}

export function StaffOrder({ order, account, mayRefund, names, changed }: Props) {
  const {
    orderId,
    status,
    amount,
    currency,
    refundedAmount,
    createdAt,
    paidAt,
    refunds = [],
  } = order;
  const pending = order.refundPendingAmount;
  const left = paidAt === null ? 0 : amount - refundedAmount - pending;
  return (
    <article className="staff-order" data-status={status}>
      <header>
        <h2>{orderId}</h2>
        <Badge order={order} />
      </header>
      <div className="desk">
        <div>
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
            {order.awaiting && (
              <>
                <dt>Waits for</dt>
                <dd>{awaitingForStaff(order.awaiting)}</dd>
              </>
            )}
          </dl>
        </div>
        <section className="summary" aria-labelledby="refund">
          <h3 id="refund">Refund</h3>
          {!mayRefund && <p>Your account can read orders. Only the finance role can refund.</p>}
          {mayRefund && left === 0 && (
            <p>
              {paidAt === null
                ? "Nothing was paid yet."
                : pending
                  ? "A refund of all that is left is pending."
                  : "All of it was refunded."}
            </p>
          )}
          {mayRefund && left > 0 && (
            <RefundForm order={order} account={account} left={left} done={changed} />
          )}
        </section>
      </div>
      <h3 id="trail" tabIndex={-1}>
        Refunds
      </h3>
      <Trail refunds={refunds} currency={currency} names={names} />
    </article>
  );
}

type TrailProps = Pick<Staff, "names"> & { refunds: RefundRecord[]; currency: string };

/**
 * A table, whose rows become lists of their own on a small screen: each cell says what it holds.
 */
function Trail({ refunds, currency, names }: TrailProps) {
  if (refunds.length === 0) return <p>No refund so far.</p>;
  return (
    <table aria-labelledby="trail" role="table">
      <thead role="rowgroup">
        <tr role="row">
          {HEADS.map((head) => (
            <th key={head} scope="col" role="columnheader">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {refunds.map((refund, index) => (
          <tr key={index} role="row" data-state={refund.status}>
            <td role="cell" data-head="When">
              {refund.requestedAt === null ? "—" : <Moment at={refund.requestedAt} />}
            </td>
            <td role="cell" data-head="Amount">
              {money(refund.amount, currency)}
            </td>
            <td role="cell" data-head="Why">
              {refund.reason === null ? "—" : REASONS[refund.reason]}
            </td>
            <td role="cell" data-head="State">
              {REFUND_STATES[refund.status]}
              {refund.refundId && <code>{refund.refundId}</code>}
            </td>
            <td role="cell" data-head="By">
              <By alias={refund.requestedBy} names={names} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const HEADS = ["When", "Amount", "Why", "State", "By"];

/** The author of a refund; Farebox knows them only by an alias. */
function By({ alias, names }: Pick<Staff, "names"> & { alias: string | null }) {
  if (alias === null) return "Not from this page";
  return (
    names[alias] ?? (
      <>
        Another account
        <code>{alias}</code>
      </>
    )
  );
}
