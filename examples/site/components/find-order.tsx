// Lists orders, and finds one by its id.

"use client";

import { Notice, useFarebox, useTrouble, type Order, type Trouble } from "farebox/react";
import { useState, type FormEvent } from "react";
import { EVERYTHING, OrderList } from "./order-list";
import { StaffOrder } from "./staff-order";
import { Waiting } from "./waiting";

type Found = { id: string; isListed: boolean } & (
  | { order: Order }
  | { trouble: Trouble }
  | { isComing: true }
);

/** `names` maps aliases of staff to their names. */
export interface Staff {
  account: string;
  /** Whether the account captures, cancels and refunds. */
  mayChange: boolean;
  names: Readonly<Record<string, string>>;
}

export function FindOrder(staff: Staff) {
  const farebox = useFarebox();
  const trouble = useTrouble("find");
  const [found, setFound] = useState<Found | null>(null);
  const [filter, setFilter] = useState(EVERYTHING);

  async function find(id: string) {
    const answer = await farebox.order(id).then(
      (order) => ({ order }),
      (error: unknown) => ({ trouble: trouble(error) as Trouble }),
    );
    // A newer search may have started in the meantime.
    setFound((asked) =>
      asked?.id === id ? { id, isListed: asked.isListed, ...answer } : asked,
    );
  }

  function show(id: string, isListed: boolean) {
    setFound({ id, isListed, isComing: true });
    void find(id);
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get("order");
    const id = typeof typed === "string" ? typed.trim() : "";
    if (id) show(id, false);
  }

  return (
    <>
      <form className="find" role="search" onSubmit={submit}>
        <label htmlFor="find-order">Order id</label>
        <div>
          <input
            id="find-order"
            name="order"
            required
            maxLength={64}
            autoComplete="off"
            spellCheck={false}
          />
          <button>Find</button>
        </div>
      </form>
      {!found && (
        <>
          <p className="small">The id is on the customer’s return page, and under their orders.</p>
          <OrderList filter={filter} setFilter={setFilter} show={(id) => show(id, true)} />
        </>
      )}
      {found && (
        <p>
          {/* The button that led here is gone, and with it the focus. */}
          <button className="link" autoFocus={found.isListed} onClick={() => setFound(null)}>
            Back to all orders
          </button>
        </p>
      )}
      {found && "isComing" in found && <Waiting what="the order" />}
      {found && "trouble" in found && <Notice trouble={found.trouble} />}
      {found && "order" in found && (
        <StaffOrder key={found.id} order={found.order} {...staff} changed={() => find(found.id)} />
      )}
    </>
  );
}
