// Gives money back: how much and why, then a question, then Stripe.

"use client";

import { useId, useRef, useState, type FormEvent } from "react";
import { minorUnits, money, plain } from "@/lib/money";
import { FareboxError, refund, type Order, type Reason } from "@/lib/payments";
import { forget, keyOf, type Wanted } from "@/lib/refund-key";
import { REASONS, trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";

interface Props {
  order: Order;
  /** In minor units: what may still be given back. */
  left: number;
  done: () => Promise<void>;
}

const isReason = (value: unknown): value is Reason => typeof value === "string" && Object.hasOwn(REASONS, value);

export function RefundForm({ order: { orderId, currency }, left, done }: Props) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [refused, setRefused] = useState<Trouble | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  function ask(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const amount = minorUnits(String(form.get("amount")), currency);
    const reason = form.get("reason");
    const isFit = amount !== null && amount > 0 && amount <= left;
    setWrong(isFit ? null : `An amount of up to ${money(left, currency)}.`);
    setRefused(null);
    if (!isFit || !isReason(reason)) return;
    setWanted({ orderId, amount, reason });
    dialog.current?.showModal();
  }

  async function give() {
    dialog.current?.close();
    if (!wanted) return;
    setIsBusy(true);
    try {
      await refund(keyOf(wanted), wanted);
      forget(wanted);
    } catch (error) {
      // Who was refused for good may ask anew; who got no answer asks for the same again.
      if (error instanceof FareboxError && error.status < 500 && error.code !== "in_progress") forget(wanted);
      setRefused(trouble(error));
    }
    await done();
    setIsBusy(false);
    // The button is gone or changed: whoever uses the keyboard goes on at what came of it.
    document.getElementById("trail")?.focus();
  }

  return (
    <>
      <form className="refund" onSubmit={ask} noValidate>
        <label htmlFor={`${id}-amount`}>Amount, in {currency.toUpperCase()}</label>
        <input
          // Made anew when less is left; the rest stays, so that what went wrong is still told.
          key={left}
          id={`${id}-amount`}
          name="amount"
          inputMode="decimal"
          autoComplete="off"
          defaultValue={plain(left, currency)}
          aria-invalid={wrong !== null}
          aria-describedby={`${id}-wrong`}
        />
        <label htmlFor={`${id}-reason`}>Why</label>
        <select id={`${id}-reason`} name="reason">
          {Object.entries(REASONS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <p role="alert" className="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
        <button disabled={isBusy}>{isBusy ? "One moment…" : "Give back…"}</button>
      </form>
      {refused && <Notice trouble={refused} />}
      <dialog ref={dialog} aria-labelledby={`${id}-sure`}>
        <h4 id={`${id}-sure`}>Give {wanted && money(wanted.amount, currency)} back?</h4>
        <p>
          Of order {orderId}. {wanted && REASONS[wanted.reason]}. This cannot be undone.
        </p>
        <form method="dialog">
          <button type="button" onClick={give}>
            Give it back
          </button>
          <button className="quiet" autoFocus>
            Cancel
          </button>
        </form>
      </dialog>
    </>
  );
}
