// The end of a plan with its period, and its continuation.

"use client";

import { Notice, useChange, type Follows, type Subscription } from "farebox/react";
import { useRef } from "react";
import { endOf, isEnding } from "@/lib/standing";
import { day } from "@/lib/words";
import { Confirm } from "./confirm";
import { Quote } from "./quote";

interface Props extends Follows {
  subscription: Subscription;
}

/** What a subscription can be resumed from. */
const isHeld = (of: Subscription) =>
  isEnding(of) || of.hasScheduledChange || of.pause != null || of.status === "paused";

export function PlanActions({ subscription, ...follows }: Props) {
  return (
    <div className="plan-actions">
      {isHeld(subscription) && <Resume subscription={subscription} {...follows} />}
      {!isEnding(subscription) && <CancelPlan subscription={subscription} {...follows} />}
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

function CancelPlan({ subscription, ...follows }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { apply, trouble, isBusy } = useChange(subscription.id, follows);
  const end = endOf(subscription) ?? subscription.currentPeriodEnd ?? null;
  return (
    <>
      {trouble && <Notice trouble={trouble} />}
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
        confirmed={() => apply({ cancel: "period_end" })}
      >
        {end === null ? "It ends with its current period." : `It runs until ${day(end)}.`} Until
        then you can change your mind. Nothing is paid back.
      </Confirm>
    </>
  );
}
