// Cancels an order that is not paid, after a confirmation. A repeated request cancels once.

"use client";

import { useFarebox, useTrouble, type Order } from "farebox/react";
import { useId, useRef, useState, type FormEvent } from "react";
import { goods } from "@/lib/goods";
import { money } from "@/lib/money";
import { CANCEL_REASONS, type CancelReason } from "@/lib/words";
import { Confirm } from "./confirm";
import type { Result } from "./told";

interface Props {
  order: Order;
  /** Staff name a reason, and cancel the order of another. */
  isStaff?: boolean;
  /** Called after the request with its result; the order may have changed in any case. */
  done: (result: Result) => Promise<void> | void;
}

const isReason = (value: string): value is CancelReason => Object.hasOwn(CANCEL_REASONS, value);

export function CancelOrder({ order, isStaff = false, done }: Props) {
  const { cancel } = useFarebox();
  const trouble = useTrouble("cancel");
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState<CancelReason>("requested_by_customer");
  const [isBusy, setIsBusy] = useState(false);
  const { orderId } = order;
  const who = isStaff ? (order.status === "authorized" ? "holder" : "staff") : "payer";

  function ask(event: FormEvent) {
    event.preventDefault();
    dialog.current?.showModal();
  }

  async function send() {
    setIsBusy(true);
    const result = await cancel({ orderId, reason }).then(
      () => RESULTS[who](order),
      trouble,
    );
    await done(result);
    setIsBusy(false);
  }

  return (
    <>
      <form className={isStaff ? "fields" : ""} onSubmit={ask}>
        {isStaff && (
          <>
            <label htmlFor={`${id}-reason`}>Why</label>
            <select
              id={`${id}-reason`}
              value={reason}
              onChange={({ target }) => isReason(target.value) && setReason(target.value)}
              disabled={isBusy}
            >
              {Object.entries(CANCEL_REASONS).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </>
        )}
        <button className="quiet" disabled={isBusy}>
          {isBusy ? "One moment…" : "Cancel order…"}
        </button>
      </form>
      <Confirm
        dialog={dialog}
        question="Cancel this order?"
        action="Cancel order"
        leave="Keep it"
        confirmed={send}
      >
        {isStaff ? `Order ${orderId}. ${CANCEL_REASONS[reason]}. ` : `${goods(order)}. `}
        {EFFECTS[who](order)} This cannot be undone.
      </Confirm>
    </>
  );
}

type Words = Record<"payer" | "staff" | "holder", (order: Order) => string>;

const EFFECTS: Words = {
  payer: () => "It can no longer be paid then.",
  staff: () => "The customer can no longer pay it then.",
  holder: ({ amount, currency }) => `The held ${money(amount, currency)} returns to the customer.`,
};

const RESULTS: Words = {
  payer: () => "You canceled this order: nothing is charged for it.",
  staff: () => "The order is canceled: the customer can no longer pay it.",
  holder: ({ amount, currency }) =>
    `The order is canceled, and the held ${money(amount, currency)} returns to the customer.`,
};
