// Pauses the payments of a plan, by staff. The customer keeps the access meanwhile.

"use client";

import { useId, useRef, useState, type FormEvent } from "react";
import { changeSubscription, type Change, type Subscription } from "@/lib/payments";
import type { Follows } from "@/lib/use-change";
import { trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";

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

export function PausePlan({ subscription, done, lost }: Props) {
  const id = useId();
  /** One key for this pause, also when it is sent again. */
  const sent = useRef<{ behavior: Behavior; key: string } | null>(null);
  const [behavior, setBehavior] = useState<Behavior>("void");
  const [isBusy, setIsBusy] = useState(false);
  const [wrong, setWrong] = useState<Trouble | null>(null);

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (sent.current?.behavior !== behavior) sent.current = { behavior, key: crypto.randomUUID() };
    setIsBusy(true);
    setWrong(null);
    try {
      const { key } = sent.current;
      const answer = await changeSubscription(key, subscription.id, { pause: { behavior } });
      sent.current = null;
      await done(answer);
    } catch (error) {
      setWrong(trouble(error, "change"));
      await lost();
    }
    setIsBusy(false);
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
      {wrong && <Notice trouble={wrong} />}
    </form>
  );
}
