// The capture of an authorized order: the amount, a confirmation, then the request. A repeated
// request for the same amount captures once.

"use client";

import { useId, useRef, useState, type FormEvent } from "react";
import { minorUnits, plain, useFarebox, useTrouble, type Order } from "farebox/react";
import { money } from "@/lib/money";
import { Confirm } from "./confirm";
import type { Result } from "./told";

interface Props {
  order: Order;
  /** Called after the request with its result; the order may have changed in any case. */
  done: (result: Result) => Promise<void>;
}

export function CaptureForm({ order: { orderId, amount, currency }, done }: Props) {
  const { capture } = useFarebox();
  const trouble = useTrouble("capture");
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState(plain(amount, currency));
  const [wanted, setWanted] = useState(amount);
  const [isWrong, setIsWrong] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const rest = amount - wanted;

  function ask(event: FormEvent) {
    event.preventDefault();
    const entered = minorUnits(typed, currency);
    const isFit = entered !== null && entered > 0 && entered <= amount;
    setIsWrong(!isFit);
    if (!isFit) return;
    setWanted(entered);
    dialog.current?.showModal();
  }

  async function send() {
    setIsBusy(true);
    const result = await capture({ orderId, amount: wanted }).then(
      () => `${money(wanted, currency)} is captured.${released("is")}`,
      trouble,
    );
    await done(result);
    setIsBusy(false);
  }

  const released = (verb: string) =>
    rest > 0
      ? ` The other ${money(rest, currency)} ${verb} released to the customer, for good.`
      : "";

  return (
    <>
      <form className="fields" onSubmit={ask} noValidate>
        <label htmlFor={`${id}-amount`}>Amount, in {currency.toUpperCase()}</label>
        <input
          id={`${id}-amount`}
          inputMode="decimal"
          autoComplete="off"
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          readOnly={isBusy}
          aria-invalid={isWrong}
          aria-describedby={`${id}-wrong`}
        />
        <p role="alert" className="farebox-wrong" id={`${id}-wrong`}>
          {isWrong && `Enter an amount of up to ${money(amount, currency)}.`}
        </p>
        <button disabled={isBusy}>{isBusy ? "One moment…" : "Capture…"}</button>
      </form>
      <Confirm
        dialog={dialog}
        question={`Capture ${money(wanted, currency)}?`}
        action={`Capture ${money(wanted, currency)}`}
        leave="Cancel"
        confirmed={send}
      >
        Of order {orderId}.{released("will be")} This cannot be undone.
      </Confirm>
    </>
  );
}
