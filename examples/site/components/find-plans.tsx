// A customer's plans, for staff.

"use client";

import { Notice, useSubscriptions, type Changed, type Subscription } from "farebox/react";
import { useState, type FormEvent } from "react";
import { isOver } from "@/lib/standing";
import { PausePlan } from "./pause-plan";
import { PlanActions } from "./plan-actions";
import { PlanFacts, PlanHead } from "./plan-facts";
import { Told } from "./told";
import { Waiting } from "./waiting";

/** `mayChange` where the account changes plans. */
export function FindPlans({ mayChange }: { mayChange: boolean }) {
  const [owner, setOwner] = useState<string | null>(null);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get("owner");
    setOwner(typeof typed === "string" ? typed.trim() || null : null);
  }

  return (
    <section className="order-list" aria-labelledby="plans-of">
      <h2 id="plans-of">Plans of a customer</h2>
      <form className="find" role="search" aria-label="Plans" onSubmit={submit}>
        <label htmlFor="find-plans">Customer’s id</label>
        <div>
          <input
            id="find-plans"
            name="owner"
            required
            maxLength={128}
            autoComplete="off"
            spellCheck={false}
          />
          <button>Show</button>
        </div>
      </form>
      {owner !== null && <PlansOf key={owner} owner={owner} mayChange={mayChange} />}
    </section>
  );
}

function PlansOf({ owner, mayChange }: { owner: string; mayChange: boolean }) {
  const { subscriptions: plans, trouble, again } = useSubscriptions({ owner });
  if (trouble) return <Notice trouble={trouble} again={again} />;
  if (!plans) return <Waiting what="the plans" />;
  const { subscriptions = [], active, entitlements } = plans;
  return (
    <>
      <p>
        {active ? "Has access now" : "Has no access now"}
        {entitlements.length > 0 && `: ${entitlements.join(", ")}`}.
      </p>
      {subscriptions.length === 0 && <p>This customer never had a plan.</p>}
      {subscriptions.map((of) => (
        <PlanOf key={of.id} subscription={of} mayChange={mayChange} again={again} />
      ))}
    </>
  );
}

interface PlanOfProps {
  subscription: Subscription;
  mayChange: boolean;
  again: () => Promise<void>;
}

function PlanOf({ subscription, mayChange, again }: PlanOfProps) {
  const [result, setResult] = useState<string | null>(null);
  const { id, status } = subscription;

  async function done({ payment }: Changed) {
    setResult(payment ? "The change waits for a payment of the customer’s." : "Done.");
    await again();
  }

  const follows = { done, lost: again };
  return (
    <article className="plan" data-subscription={id} data-status={status}>
      <PlanHead subscription={subscription} />
      <Told result={result} />
      <PlanFacts subscription={subscription} isStaff />
      {!isOver(subscription) &&
        (mayChange ? (
          <>
            <PlanActions subscription={subscription} {...follows} />
            {!subscription.pause && <PausePlan subscription={subscription} {...follows} />}
          </>
        ) : (
          <p>Your account can read plans. Only the finance role can change them.</p>
        ))}
    </article>
  );
}
