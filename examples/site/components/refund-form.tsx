// The refund form: amount and reason, a confirmation, then the request. Without a response, the
// form only retries that refund.

"use client";

import { flushSync } from "react-dom";
import { useId, useRef, useState, useSyncExternalStore, type FormEvent } from "react";
import { minorUnits, money, plain } from "@/lib/money";
import { FareboxError, refund, type Order, type Reason } from "@/lib/payments";
import { isRefused, unansweredOf, type Unanswered } from "@/lib/unanswered";
import { REASONS, trouble, type Trouble } from "@/lib/words";
import { Confirm } from "./confirm";
import { Notice } from "./notice";

interface Props {
  order: Order;
  /** The account that refunds. */
  account: string;
  /** The amount in minor units that can still be refunded. */
  left: number;
  done: () => Promise<void>;
}

type Wanted = Omit<Unanswered, "orderId" | "key">;

interface Wrong {
  field: "amount" | "email";
  text: string;
}

const asksAt = (wanted: Wanted | null) =>
  wanted?.instructionsEmail
    ? `Stripe sends instructions to ${wanted.instructionsEmail}. `
    : "";

const isReason = (value: unknown): value is Reason =>
  typeof value === "string" && Object.hasOwn(REASONS, value);

export function RefundForm({ order: { orderId, currency }, account, left, done }: Props) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [stored] = useState(() => unansweredOf(account, orderId));
  const unanswered = useSyncExternalStore(stored.subscribe, stored.read, stored.initially);
  /** The entered amount; by default all that is left. */
  const [typed, setTyped] = useState<string | null>(null);
  const [reason, setReason] = useState<Reason>("requested_by_customer");
  /** The customer's e-mail address, when Stripe needs one. */
  const [email, setEmail] = useState<string | null>(null);
  const emailField = useRef<HTMLInputElement>(null);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [wrong, setWrong] = useState<Wrong | null>(null);
  const [failed, setFailed] = useState<Trouble | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const isLocked = isBusy || unanswered !== null;
  const address = unanswered ? (unanswered.instructionsEmail ?? null) : email;

  function ask(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const amount = minorUnits(typed ?? plain(left, currency), currency);
    const isFit = amount !== null && amount > 0 && amount <= left;
    const isAddress = emailField.current?.checkValidity() ?? true;
    const wrong: Wrong | null = !isFit
      ? { field: "amount", text: `Enter an amount of up to ${money(left, currency)}.` }
      : !isAddress
        ? { field: "email", text: "Enter the customer’s e-mail address." }
        : null;
    setWrong(wrong);
    setFailed(null);
    if (!isFit || wrong || isLocked) return;
    setWanted({ amount, reason, ...(email !== null && { instructionsEmail: email.trim() }) });
    dialog.current?.showModal();
  }

  async function give() {
    if (wanted && !stored.read())
      await send({ orderId, ...wanted, key: crypto.randomUUID() }, true);
  }

  async function send(asked: Unanswered, isFirst: boolean) {
    setIsBusy(true);
    setFailed(null);
    // Stored before it is sent, so that a reloaded page retries the same refund.
    stored.write(asked);
    const { key, ...contents } = asked;
    try {
      await refund(key, contents);
      stored.write(null);
      setTyped(null);
      setEmail(null);
    } catch (error) {
      if (isRefused(error, isFirst)) stored.write(null);
      setFailed(trouble(error, "refund"));
      if (error instanceof FareboxError && error.code === "refund_needs_email")
        return needEmail(asked);
    }
    await done();
    setIsBusy(false);
    // The button is gone or changed: move the keyboard focus to the result.
    document.getElementById("trail")?.focus();
  }

  /**
   * Nothing was refunded: the amount and the reason stay, and what is sent next has another key.
   */
  function needEmail({ amount, reason, instructionsEmail = "" }: Wanted) {
    flushSync(() => {
      setTyped(plain(amount, currency));
      setReason(reason);
      setEmail(instructionsEmail);
      setIsBusy(false);
    });
    emailField.current?.focus();
  }

  return (
    <>
      <form className="fields" onSubmit={ask} noValidate>
        <label htmlFor={`${id}-amount`}>Amount, in {currency.toUpperCase()}</label>
        <input
          id={`${id}-amount`}
          inputMode="decimal"
          autoComplete="off"
          value={unanswered ? plain(unanswered.amount, currency) : (typed ?? plain(left, currency))}
          onChange={({ target }) => setTyped(target.value)}
          readOnly={isLocked}
          aria-invalid={wrong?.field === "amount"}
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
        {address !== null && (
          <>
            <label htmlFor={`${id}-email`}>Customer’s e-mail</label>
            <input
              id={`${id}-email`}
              ref={emailField}
              type="email"
              required
              autoComplete="off"
              value={address}
              onChange={({ target }) => setEmail(target.value)}
              readOnly={isLocked}
              aria-invalid={wrong?.field === "email"}
              aria-describedby={`${id}-wrong`}
            />
          </>
        )}
        <p role="alert" className="wrong" id={`${id}-wrong`}>
          {wrong?.text}
        </p>
        {(isBusy || !unanswered) && (
          <button disabled={isBusy}>{isBusy ? "One moment…" : "Refund…"}</button>
        )}
      </form>
      {failed && <Notice trouble={failed} />}
      {unanswered && !isBusy && (
        <div className="unanswered" role="status">
          <p>
            The refund of {money(unanswered.amount, currency)} has no response yet, so Stripe may
            have refunded or not. A retry refunds at most once. Meanwhile, you cannot start another
            refund of this order.
          </p>
          <button type="button" onClick={() => send(unanswered, false)}>
            Retry this refund
          </button>
        </div>
      )}
      <Confirm
        dialog={dialog}
        question={<>Refund {wanted && money(wanted.amount, currency)}?</>}
        action={<>Refund {wanted && money(wanted.amount, currency)}</>}
        leave="Cancel"
        confirmed={give}
      >
        Of order {orderId}. {wanted && REASONS[wanted.reason]}. {asksAt(wanted)}This cannot be
        undone.
      </Confirm>
    </>
  );
}
