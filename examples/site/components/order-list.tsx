// The staff's list of orders: filters, pages, and an export.

"use client";

import {
  Notice,
  useFarebox,
  useTrouble,
  type OrderQuery,
  type OrderStatus,
  type Trouble,
} from "farebox/react";
import { useState } from "react";
import { goods } from "@/lib/goods";
import { STATUS_LABELS } from "@/lib/words";
import { OrderLine } from "./order-line";
import { OrderPages } from "./order-pages";

/** The dates are those of the form: days, in the reader's time zone. */
export interface Filter {
  status: OrderStatus | "";
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
        <OrderPages
          query={queryOf(filter)}
          doing="list"
          line={(order) => (
            <OrderLine key={order.orderId} order={order}>
              <button className="link" onClick={() => show(order.orderId)}>
                {goods(order)}
              </button>
            </OrderLine>
          )}
          empty={<p role="status">No such order.</p>}
        />
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

/** Saves all orders of the filter as a file. */
function Export({ filter }: { filter: Filter }) {
  const { exportOrders } = useFarebox();
  const trouble = useTrouble("list");
  const [state, setState] = useState<"idle" | "busy" | Trouble | null>("idle");

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
      setState(trouble(error));
    }
  }

  return (
    <>
      <button className="quiet" onClick={save} disabled={state === "busy"}>
        Export as CSV
      </button>
      {typeof state === "object" && state && <Notice trouble={state} />}
    </>
  );
}
