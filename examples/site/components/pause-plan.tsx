// Pauses the payments of a plan, by staff. The customer keeps the access meanwhile.

"use client";

import { Notice, useChange, type Change, type Follows, type Subscription } from "farebox/react";
import { useId, useState, type FormEvent } from "react";

type Behavior = NonNullable<Change["pause"]>["behavior"];

const BEHAVIORS: Record<Behavior, string> = {
  void: "charge nothing for it",
  keep_as_draft: "collect it later",
  mark_uncollectible: "write it off",
};

const isBehavior = (value: string): value is Behavior => Object.hasOwn(BEHAVIORS, value);

interface Props extends Follows {
  subscription: Subscription;
}

export function PausePlan({ subscription, ...follows }: Props) {
  const id = useId();
  const { apply, trouble, isBusy } = useChange(subscription.id, follows);
  const [behavior, setBehavior] = useState<Behavior>("void");

  function submit(event: FormEvent) {
    event.preventDefault();
    void apply({ pause: { behavior } });
  }

  return (
    <form className="fields" onSubmit={submit}>
      <label htmlFor={`${id}-behavior`}>What falls due in a pause</label>
      <select
        id={`${id}-behavior`}
        value={behavior}
        onChange={({ target }) => isBehavior(target.value) && setBehavior(target.value)}
        disabled={isBusy}
      >
        {Object.entries(BEHAVIORS).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
      <button className="quiet" disabled={isBusy}>
        {isBusy ? "One moment…" : "Pause the payments"}
      </button>
      {trouble && <Notice trouble={trouble} />}
    </form>
  );
}
