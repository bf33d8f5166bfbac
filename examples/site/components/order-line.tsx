// One order in a list.

import type { Order } from "farebox/react";
import type { ReactNode } from "react";
import { addedParts } from "@/lib/amounts";
import { money } from "@/lib/money";
import { awaitingWords, statusWords } from "@/lib/words";

interface Props {
  order: Order;
  /** The order's goods, which lead to the order. */
  children: ReactNode;
  /** What the reader can do with it. */
  actions?: ReactNode;
}

export function OrderLine({ order, children, actions }: Props) {
  const {
    orderId,
    status,
    amount,
    amounts,
    currency,
    refundedAmount,
    refundPendingAmount,
    createdAt,
    awaiting,
  } = order;
  return (
    <li className="order" data-order={orderId} data-status={status}>
      <div>
        {children}
        <Moment at={createdAt} />
        <small>{orderId}</small>
        {awaiting && <p className="small">{awaitingWords(awaiting)}</p>}
      </div>
      <div className="order-sum">
        <b>{money(amount, currency)}</b>
        {addedParts(amounts).map(([label, part]) => (
          <span key={label}>
            {label} {money(part, currency)}
          </span>
        ))}
        {refundedAmount > 0 && <span>{money(refundedAmount, currency)} refunded</span>}
        {refundPendingAmount > 0 && (
          <span>{money(refundPendingAmount, currency)} refund pending</span>
        )}
      </div>
      <Badge order={order} />
      {actions && <div className="order-actions">{actions}</div>}
    </li>
  );
}

export function Badge({ order }: { order: Pick<Order, "status" | "awaiting"> }) {
  const { label, tone } = statusWords(order);
  return (
    <span className="badge" data-tone={tone}>
      {label}
    </span>
  );
}

/** Shows `at`, in Unix seconds, in the reader's time zone, which the server does not know. */
export function Moment({ at }: { at: number }) {
  const date = new Date(at * 1000);
  const form = { dateStyle: "medium", timeStyle: "short" } as const;
  return (
    <time dateTime={date.toISOString()}>{new Intl.DateTimeFormat("en-GB", form).format(date)}</time>
  );
}
