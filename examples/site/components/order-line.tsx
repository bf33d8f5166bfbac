// One order in a list.

import Link from "next/link";
import { goods } from "@/lib/goods";
import { money } from "@/lib/money";
import type { ListedOrder } from "@/lib/payments";
import { returnPath } from "@/lib/return-path";
import { awaitingWords, statusWords } from "@/lib/words";

export function OrderLine({ order }: { order: ListedOrder }) {
  const {
    orderId,
    status,
    amount,
    currency,
    refundedAmount,
    refundPendingAmount,
    createdAt,
    awaiting,
  } = order;
  return (
    <li className="order" data-order={orderId} data-status={status}>
      <div>
        <Link href={returnPath(orderId)}>{goods(order)}</Link>
        <Moment at={createdAt} />
        <small>{orderId}</small>
        {awaiting && <p className="small">{awaitingWords(awaiting)}</p>}
      </div>
      <div className="order-sum">
        <b>{money(amount, currency)}</b>
        {refundedAmount > 0 && <span>{money(refundedAmount, currency)} refunded</span>}
        {refundPendingAmount > 0 && (
          <span>{money(refundPendingAmount, currency)} refund pending</span>
        )}
      </div>
      <Badge order={order} />
    </li>
  );
}

export function Badge({ order }: { order: Pick<ListedOrder, "status" | "awaiting"> }) {
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
