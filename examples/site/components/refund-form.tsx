// Gives money back: how much and why, then a question, then Stripe. While the answer to a refund is missing, the form
// is about that refund alone.

"use client";

import { useId, useRef, useState, useSyncExternalStore, type FormEvent } from "react";
import { minorUnits, money, plain } from "@/lib/money";
import { refund, type Order, type Reason } from "@/lib/payments";
import { isRefused, unansweredOf, type Unanswered } from "@/lib/unanswered";
import { REASONS, trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";

interface Props {
  order: Order;
  /** Who gives it back. */
  account: string;
  /** In minor units: what may still be given back. */
  left: number;
  done: () => Promise<void>;
}

type Wanted = Pick<Unanswered, "amount" | "reason">;

const isReason = (value: unknown): value is Reason => typeof value === "string" && Object.hasOwn(REASONS, value);

export function RefundForm({ order: { orderId, currency }, account, left, done }: Props) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [stored] = useState(() => unansweredOf(account, orderId));
  const unanswered = useSyncExternalStore(stored.subscribe, stored.read, stored.initially);
  /** What was typed; all that is left until somebody types. */
  const [typed, setTyped] = useState<string | null>(null);
  const [reason, setReason] = useState<Reason>("requested_by_customer");
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [failed, setFailed] = useState<Trouble | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const isLocked = isBusy || unanswered !== null;

  function ask(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const amount = minorUnits(typed ?? plain(left, currency), currency);
    const isFit = amount !== null && amount > 0 && amount <= left;
    setWrong(isFit ? null : `An amount of up to ${money(left, currency)}.`);
    setFailed(null);
    if (!isFit || isLocked) return;
    setWanted({ amount, reason });
    dialog.current?.showModal();
  }

  async function give() {
    dialog.current?.close();
    if (wanted && !stored.read()) await send({ orderId, ...wanted, key: crypto.randomUUID() }, true);
  }

  async function send(asked: Unanswered, isFirst: boolean) {
    setIsBusy(true);
    setFailed(null);
    // Before it is sent: a page that is closed now asks for the same refund when it is opened again.
    stored.write(asked);
    const { key, ...contents } = asked;
    try {
      await refund(key, contents);
      stored.write(null);
      setTyped(null);
    } catch (error) {
      if (isRefused(error, isFirst)) stored.write(null);
      setFailed(trouble(error, "refund"));
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
          id={`${id}-amount`}
          inputMode="decimal"
          autoComplete="off"
          value={unanswered ? plain(unanswered.amount, currency) : (typed ?? plain(left, currency))}
          onChange={({ target }) => setTyped(target.value)}
          readOnly={isLocked}
          aria-invalid={wrong !== null}
          aria-describedby={`${id}-wrong`}
        />
        <label htmlFor={`${id}-reason`}>Why</label>
        <select
          id={`${id}-reason`}
          value={unanswered?.reason ?? reason}
          onChange={({ target }) => isReason(target.value) && setReason(target.value)}
          disabled={isLocked}
        >
          {Object.entries(REASONS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        <p role="alert" className="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
        {(isBusy || !unanswered) && <button disabled={isBusy}>{isBusy ? "One moment…" : "Give back…"}</button>}
      </form>
      {failed && <Notice trouble={failed} />}
      {unanswered && !isBusy && (
        <div className="unanswered" role="status">
          <p>
            The refund of {money(unanswered.amount, currency)} has no answer yet: it may have been made or not. It keeps its name, under
            which it is made once at most, and until it is answered no other refund of this order is begun here.
          </p>
          <button type="button" onClick={() => send(unanswered, false)}>
            Find out what became of it
          </button>
        </div>
      )}
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
