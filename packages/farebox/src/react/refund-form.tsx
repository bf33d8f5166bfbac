// The refund form of staff: amount and reason, a confirmation, then the request. Without a
// response, the form only retries that refund.

"use client";

import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import type { Schemas } from "../index.js";
import { Confirm } from "./confirm.js";
import { useSettings, useTexts } from "./context.js";
import { minorUnits, money, plain } from "./money.js";
import { Notice } from "./notice.js";
import type { Order } from "./requests.js";
import { commonTexts } from "./texts.js";
import { refundTexts } from "./texts-plans.js";
import { useRefund, type Given, type Refunding, type Wanted } from "./use-refund.js";

type Reason = Schemas["RefundReason"];

export interface RefundFormProps {
  order: Order;
  /** The id of the staff member who is signed in: a refund without a response is theirs alone. */
  account: string;
  /** Called after each request; the order may have changed in any case. */
  onDone?: () => Promise<void> | void;
}

/** Refunds an order, in part or all that is left of it. */
export function RefundForm({ order, account, onDone }: RefundFormProps) {
  const texts = useTexts("refund", refundTexts);
  const { locale } = useSettings();
  const refunding = useRefund(order, account);
  const { unanswered, isBusy, made, trouble } = refunding;
  const result = useRef<HTMLDivElement>(null);
  const left = leftOf(order);
  const say = (amount: number) => money(amount, order.currency, locale);

  async function done(given: Given) {
    // Nothing was refunded, and the form asks on.
    if (given === "needs_email") return;
    await onDone?.();
    // The button is gone or changed: move the keyboard focus to the result.
    result.current?.focus();
  }

  return (
    <div className="farebox-refund">
      {left > 0 || unanswered ? (
        <Fields
          // Another rest is another proposal.
          key={left}
          order={order}
          left={left}
          refunding={refunding}
          done={done}
        />
      ) : (
        <p>{whyNothing(order, texts)}</p>
      )}
      <div ref={result} tabIndex={-1} role="status" className="farebox-result">
        {made && <p>{texts.result(say(made.amount), made.status)}</p>}
        {unanswered && !isBusy && <p>{texts.unanswered(say(unanswered.amount))}</p>}
      </div>
      {trouble && <Notice trouble={trouble} />}
      {unanswered && !isBusy && (
        <button
          type="button"
          className="farebox-button"
          onClick={() => refunding.retry().then(done)}
        >
          {texts.retry}
        </button>
      )}
    </div>
  );
}

/** The amount in minor units that can still be refunded. */
const leftOf = ({ amount, paidAt, refundedAmount, refundPendingAmount }: Order) =>
  paidAt === null ? 0 : Math.max(0, amount - refundedAmount - refundPendingAmount);

const whyNothing = ({ paidAt, refundPendingAmount }: Order, texts: typeof refundTexts) =>
  paidAt === null ? texts.notPaid : refundPendingAmount > 0 ? texts.pending : texts.nothingLeft;

interface FieldsProps {
  order: Order;
  left: number;
  refunding: Refunding;
  done: (given: Given) => Promise<void>;
}

interface Wrong {
  field: "amount" | "email";
  text: string;
}

function Fields({ order: { orderId, currency }, left, refunding, done }: FieldsProps) {
  const id = useId();
  const common = useTexts("common", commonTexts);
  const texts = useTexts("refund", refundTexts);
  const { locale } = useSettings();
  const dialog = useRef<HTMLDialogElement>(null);
  const emailField = useRef<HTMLInputElement>(null);
  const { unanswered, isBusy } = refunding;
  const [typed, setTyped] = useState(plain(left, currency));
  const [reason, setReason] = useState<Reason>("requested_by_customer");
  const [email, setEmail] = useState("");
  const [asksEmail, setAsksEmail] = useState(false);
  const [wanted, setWanted] = useState<Wanted | null>(null);
  const [wrong, setWrong] = useState<Wrong | null>(null);
  const isLocked = isBusy || unanswered !== null;
  const shownEmail = unanswered?.instructionsEmail ?? (asksEmail && !unanswered ? email : null);
  const say = (amount: number) => money(amount, currency, locale);

  useEffect(() => {
    if (asksEmail && !isBusy) emailField.current?.focus();
  }, [asksEmail, isBusy]);

  function ask(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (isLocked) return;
    const amount = minorUnits(typed, currency);
    const isFit = amount !== null && amount > 0 && amount <= left;
    const isAddress = !asksEmail || (emailField.current?.checkValidity() ?? false);
    if (!isFit) return setWrong({ field: "amount", text: texts.wrongAmount(say(left)) });
    if (!isAddress) return setWrong({ field: "email", text: texts.wrongEmail });
    setWrong(null);
    setWanted({ amount, reason, ...(asksEmail && { instructionsEmail: email.trim() }) });
    dialog.current?.showModal();
  }

  async function give() {
    if (!wanted) return;
    const given = await refunding.give(wanted);
    if (given === "needs_email") setAsksEmail(true);
    await done(given);
  }
  const described = { "aria-describedby": `${id}-wrong` };
  return (
    <>
      <form className="farebox-fields" onSubmit={ask} noValidate>
        <label htmlFor={`${id}-amount`}>{texts.amount(currency)}</label>
        <input
          id={`${id}-amount`}
          inputMode="decimal"
          autoComplete="off"
          value={unanswered ? plain(unanswered.amount, currency) : typed}
          onChange={({ target }) => setTyped(target.value)}
          readOnly={isLocked}
          aria-invalid={wrong?.field === "amount"}
          {...described}
        />
        <label htmlFor={`${id}-reason`}>{texts.reason}</label>
        <select
          id={`${id}-reason`}
          value={unanswered?.reason ?? reason}
          onChange={({ target }) => setReason(target.value as Reason)}
          disabled={isLocked}
        >
          {Object.entries(texts.reasons).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
        {shownEmail !== null && (
          <>
            <label htmlFor={`${id}-email`}>{texts.email}</label>
            <input
              id={`${id}-email`}
              ref={emailField}
              type="email"
              required
              autoComplete="off"
              value={shownEmail}
              onChange={({ target }) => setEmail(target.value)}
              readOnly={isLocked}
              aria-invalid={wrong?.field === "email"}
              {...described}
            />
          </>
        )}
        <p role="alert" className="farebox-wrong" id={`${id}-wrong`}>
          {wrong?.text}
        </p>
        {(isBusy || !unanswered) && (
          <button className="farebox-button" aria-disabled={isBusy}>
            {isBusy ? common.busy : texts.ask}
          </button>
        )}
      </form>
      <Confirm
        dialog={dialog}
        question={wanted && texts.question(say(wanted.amount))}
        action={wanted && texts.confirm(say(wanted.amount))}
        leave={texts.cancel}
        confirmed={give}
      >
        {wanted &&
          texts.effect(orderId, texts.reasons[wanted.reason], wanted.instructionsEmail ?? null)}
      </Confirm>
    </>
  );
}
