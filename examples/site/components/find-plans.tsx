// A customer's plans, for staff.

"use client";

import { useState, type FormEvent } from "react";
import type { Subscription } from "@/lib/payments";
import { usePlans } from "@/lib/use-plans";
import { Notice } from "./notice";
import { PlanFacts, PlanHead } from "./plan-facts";
import { Waiting } from "./waiting";

export function FindPlans() {
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
      {owner !== null && <PlansOf key={owner} owner={owner} />}
    </section>
  );
}

function PlansOf({ owner }: { owner: string }) {
  const { plans, again } = usePlans({ owner });
  if (!plans) return <Waiting what="the plans" />;
  if ("trouble" in plans) return <Notice trouble={plans.trouble} again={again} />;
  const { subscriptions = [], active, entitlements } = plans.known;
  return (
    <>
      <p>
        {active ? "Has access now" : "Has no access now"}
        {entitlements.length > 0 && `: ${entitlements.join(", ")}`}.
      </p>
      {subscriptions.length === 0 && <p>This customer never had a plan.</p>}
      {subscriptions.map((of) => (
        <PlanOf key={of.id} subscription={of} />
      ))}
    </>
  );
}

function PlanOf({ subscription }: { subscription: Subscription }) {
  const { id, status } = subscription;
  return (
    <article className="plan" data-subscription={id} data-status={status}>
      <PlanHead subscription={subscription} />
      <PlanFacts subscription={subscription} isStaff />
    </article>
  );
}
