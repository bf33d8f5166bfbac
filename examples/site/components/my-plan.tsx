// The caller's plans and their state.

"use client";

import Link from "next/link";
import type { Subscription } from "@/lib/payments";
import { isOver, planName } from "@/lib/standing";
import { usePlans } from "@/lib/use-plans";
import { day } from "@/lib/words";
import { Notice } from "./notice";
import { PlanFacts, PlanHead } from "./plan-facts";
import { PortalButton } from "./portal-button";
import { Waiting } from "./waiting";

/** `isFresh` after a visit to Stripe's pages. */
export function MyPlan({ isFresh }: { isFresh: boolean }) {
  const { plans, again } = usePlans({ isFresh });
  if (!plans) return <Waiting what="your plan" />;
  if ("trouble" in plans) return <Notice trouble={plans.trouble} again={again} />;
  const all = plans.known.subscriptions ?? [];
  const [current, over] = [all.filter((of) => !isOver(of)), all.filter(isOver)];
  return (
    <>
      {current.length === 0 && <NoPlan hadOne={over.length > 0} />}
      {current.map((subscription) => (
        <Current key={subscription.id} subscription={subscription} />
      ))}
      {over.length > 0 && <Over subscriptions={over} />}
      {all.length > 0 && <PortalButton path="/account?from=stripe" />}
    </>
  );
}

function Current({ subscription }: { subscription: Subscription }) {
  const { id, status } = subscription;
  return (
    <article className="plan" data-subscription={id} data-status={status}>
      <PlanHead subscription={subscription} />
      <PlanFacts subscription={subscription} />
    </article>
  );
}

function NoPlan({ hadOne }: { hadOne: boolean }) {
  return (
    <div className="empty">
      <p>{hadOne ? "You have no plan any more." : "You have no plan yet."}</p>
      <Link className="button" href="/pricing">
        See the plans
      </Link>
    </div>
  );
}

function Over({ subscriptions }: { subscriptions: readonly Subscription[] }) {
  return (
    <section aria-labelledby="over">
      <h2 id="over">Earlier</h2>
      <ul className="orders">
        {subscriptions.map((of) => (
          <li key={of.id} className="entry" data-subscription={of.id} data-status={of.status}>
            <b>{planName(of)}</b>
            <span>
              {of.status === "canceled"
                ? of.endedAt
                  ? `Ended on ${day(of.endedAt)}`
                  : "Ended"
                : "Never begun"}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
