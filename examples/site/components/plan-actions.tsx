// The end of a plan with its period, and its continuation.

"use client";

import { useRef, useState } from "react";
import { changeSubscription, type Change, type Subscription } from "@/lib/payments";
import { endOf, isEnding } from "@/lib/standing";
import { useChange, type Follows } from "@/lib/use-change";
import { day, trouble, type Trouble } from "@/lib/words";
import { Confirm } from "./confirm";
import { Notice } from "./notice";
import { Quote } from "./quote";

interface Props extends Follows {
  subscription: Subscription;
}

/** What a subscription can be resumed from. */
const isHeld = (of: Subscription) =>
  isEnding(of) || of.hasScheduledChange || of.pause != null || of.status === "paused";

export function PlanActions({ subscription, done, lost }: Props) {
  return (
    <div className="plan-actions">
      {isHeld(subscription) && <Resume subscription={subscription} done={done} lost={lost} />}
      {!isEnding(subscription) && (
        <CancelPlan subscription={subscription} done={done} lost={lost} />
      )}
    </div>
  );
}

function Resume({ subscription, ...follows }: Props) {
  const changing = useChange(subscription.id, follows);
  const action = isEnding(subscription) ? "Keep the plan" : "Resume the plan";
  return (
    <>
      {!changing.quoted && (
        <button
          type="button"
          className="quiet"
          disabled={changing.isBusy}
          onClick={() => changing.quote({ resume: true })}
        >
          {changing.isBusy ? "One moment…" : `${action}…`}
        </button>
      )}
      <Quote changing={changing} action={action} />
    </>
  );
}

function CancelPlan({ subscription, done, lost }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  /** One key for this end, also when it is sent again. */
  const key = useRef<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const [wrong, setWrong] = useState<Trouble | null>(null);
  const change: Change = { cancel: "period_end" };
  const end = endOf(subscription) ?? subscription.currentPeriodEnd ?? null;

  async function send() {
    key.current ??= crypto.randomUUID();
    setIsBusy(true);
    setWrong(null);
    try {
      const answer = await changeSubscription(key.current, subscription.id, change);
      key.current = null;
      await done(answer);
    } catch (error) {
      setWrong(trouble(error, "change"));
      await lost();
    }
    setIsBusy(false);
  }

  return (
    <>
      {wrong && <Notice trouble={wrong} />}
      <button
        type="button"
        className="quiet"
        disabled={isBusy}
        onClick={() => dialog.current?.showModal()}
      >
        {isBusy ? "One moment…" : "Cancel the plan…"}
      </button>
      <Confirm
        dialog={dialog}
        question="Cancel this plan?"
        action="Cancel the plan"
        leave="Keep it"
        confirmed={send}
      >
        {end === null ? "It ends with its current period." : `It runs until ${day(end)}.`} Until
        then you can change your mind. Nothing is paid back.
      </Confirm>
    </>
  );
}
