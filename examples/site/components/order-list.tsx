// The staff's list of orders: filters, pages, and an export.

"use client";

import { useEffect, useState } from "react";
import { goods } from "@/lib/goods";
import { money } from "@/lib/money";
import { exportOrders, listOrders, type Order, type OrderQuery, type Status } from "@/lib/payments";
import { STATUS_LABELS, trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";
import { Badge, Moment } from "./order-line";
import { Waiting } from "./waiting";

/** The dates are those of the form: days, in the reader's time zone. */
export interface Filter {
  status: Status | "";
  from: string;
  to: string;
}

export const EVERYTHING: Filter = { status: "", from: "", to: "" };

interface Props {
  filter: Filter;
  setFilter: (filter: Filter) => void;
  show: (id: string) => void;
}

export function OrderList({ filter, setFilter, show }: Props) {
  const set = (part: Partial<Filter>) => setFilter({ ...filter, ...part });
  const isEmpty = filter.from !== "" && filter.to !== "" && filter.from > filter.to;
  return (
    <section className="order-list" aria-labelledby="order-list">
      <h2 id="order-list">All orders</h2>
      <div className="filters">
        <label>
          Status
          <select
            value={filter.status}
            onChange={({ target }) => set({ status: target.value as Filter["status"] })}
          >
            <option value="">Any</option>
            {STATUS_LABELS.map(([status, label]) => (
              <option key={status} value={status}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          Ordered from
          <input
            type="date"
            value={filter.from}
            onChange={({ target }) => set({ from: target.value })}
          />
        </label>
        <label>
          Ordered until
          <input
            type="date"
            value={filter.to}
            onChange={({ target }) => set({ to: target.value })}
          />
        </label>
        {!isEmpty && <Export filter={filter} />}
      </div>
      {isEmpty ? (
        <p role="alert">The last day is before the first.</p>
      ) : (
        <Pages key={JSON.stringify(filter)} filter={filter} show={show} />
      )}
    </section>
  );
}

/** The seconds at which the day `date` begins, or the one `later`. */
function beginOf(date: string, later = 0): string {
  const [year = 0, month = 1, day = 1] = date.split("-").map(Number);
  return String(new Date(year, month - 1, day + later).getTime() / 1000);
}

const queryOf = ({ status, from, to }: Filter): OrderQuery => ({
  ...(status && { status }),
  ...(from && { from: beginOf(from) }),
  ...(to && { to: beginOf(to, 1) }),
});

type End = { next: string | null } | { trouble: Trouble };

/** The pages that were read so far. */
function Pages({ filter, show }: Pick<Props, "filter" | "show">) {
  const [orders, setOrders] = useState<Order[]>([]);
  const [wanted, setWanted] = useState<{ cursor?: string }>({});
  const [end, setEnd] = useState<End | null>(null);

  useEffect(() => {
    const ended = new AbortController();
    listOrders({ ...queryOf(filter), ...wanted }, ended.signal).then(
      ({ orders: more, nextCursor }) => {
        if (ended.signal.aborted) return;
        setOrders((before) => [...before, ...more]);
        setEnd({ next: nextCursor });
      },
      (error: unknown) => ended.signal.aborted || setEnd({ trouble: trouble(error, "list") }),
    );
    return () => ended.abort();
  }, [filter, wanted]);

  const read = (cursor?: string) => {
    setEnd(null);
    setWanted(cursor === undefined ? { ...wanted } : { cursor });
  };
  const next = end && "next" in end ? end.next : null;
  return (
    <>
      <ul className="orders">
        {orders.map((order) => (
          <Line key={order.orderId} order={order} show={show} />
        ))}
      </ul>
      {!end && <Waiting what="the orders" />}
      {end && "trouble" in end && <Notice trouble={end.trouble} again={() => read()} />}
      {end && "next" in end && orders.length === 0 && (
        <p role="status">{next === null ? "No such order." : "None of the newest orders."}</p>
      )}
      {next !== null && (
        <button className="more" onClick={() => read(next)}>
          Older orders
        </button>
      )}
    </>
  );
}

function Line({ order, show }: { order: Order; show: Props["show"] }) {
  const { orderId, status, amount, currency, refundedAmount, createdAt } = order;
  return (
    <li className="order" data-order={orderId} data-status={status}>
      <div>
        <button className="link" onClick={() => show(orderId)}>
          {goods(order)}
        </button>
        <Moment at={createdAt} />
        <small>{orderId}</small>
      </div>
      <div className="order-sum">
        <b>{money(amount, currency)}</b>
        {refundedAmount > 0 && <span>{money(refundedAmount, currency)} refunded</span>}
      </div>
      <Badge order={order} />
    </li>
  );
}

/** Saves all orders of the filter as a file. */
function Export({ filter }: { filter: Filter }) {
  const [state, setState] = useState<"idle" | "busy" | Trouble>("idle");

  async function save() {
    setState("busy");
    try {
      const file = new Blob([await exportOrders(queryOf(filter))], { type: "text/csv" });
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = "orders.csv";
      link.click();
      URL.revokeObjectURL(link.href);
      setState("idle");
    } catch (error) {
      setState(trouble(error, "list"));
    }
  }

  return (
    <>
      <button className="quiet" onClick={save} disabled={state === "busy"}>
        Export as CSV
      </button>
      {typeof state === "object" && <Notice trouble={state} />}
    </>
  );
}
