// The caller's plans: their state, and what can be done with each.

"use client";

import {
  Notice,
  PortalButton,
  useSubscriptions,
  type Changed,
  type Subscription,
} from "farebox/react";
import Link from "next/link";
import { useState } from "react";
import { money } from "@/lib/money";
import { isOver, planName } from "@/lib/standing";
import { day } from "@/lib/words";
import { ChangePlan } from "./change-plan";
import { PlanActions } from "./plan-actions";
import { PlanFacts, PlanHead } from "./plan-facts";
import { Told } from "./told";
import { Waiting } from "./waiting";

/** A payment without which a change is not made. */
type Needed = NonNullable<Changed["payment"]>;

/** `isFresh` after a visit to Stripe's pages. */
export function MyPlan({ isFresh }: { isFresh: boolean }) {
  const { subscriptions: plans, trouble, again } = useSubscriptions({ refresh: isFresh });
  if (trouble) return <Notice trouble={trouble} again={again} />;
  if (!plans) return <Waiting what="your plan" />;
  const all = plans.subscriptions ?? [];
  const [current, over] = [all.filter((of) => !isOver(of)), all.filter(isOver)];
  return (
    <>
      {current.length === 0 && <NoPlan hadOne={over.length > 0} />}
      {current.map((subscription) => (
        <Current key={subscription.id} subscription={subscription} again={again} />
      ))}
      {over.length > 0 && <Over subscriptions={over} />}
      {all.length > 0 && (
        <div className="portal">
          <PortalButton returnUrl="/account?from=stripe" className="quiet" />
        </div>
      )}
    </>
  );
}

interface CurrentProps {
  subscription: Subscription;
  again: () => Promise<void>;
}

function Current({ subscription, again }: CurrentProps) {
  const [result, setResult] = useState<string | null>(null);
  const [needed, setNeeded] = useState<Needed | null>(null);
  const { id, status, items } = subscription;

  async function done({ payment }: Changed) {
    setNeeded(payment ?? null);
    setResult(payment ? null : "Done. This is your plan now.");
    await again();
  }

  return (
    <article className="plan" data-subscription={id} data-status={status}>
      <PlanHead subscription={subscription} />
      <Told result={result} />
      {needed && <PayFirst needed={needed} />}
      <PlanFacts subscription={subscription} />
      {status !== "incomplete" && (
        <>
          {items.length === 1 && (
            <section className="action" aria-label="Change the plan">
              <h3>Change the plan</h3>
              {/* Another state of the plan is another form. */}
              <ChangePlan
                key={items.map(({ price, quantity }) => `${price} ${quantity}`).join()}
                subscription={subscription}
                done={done}
                lost={again}
              />
            </section>
          )}
          <PlanActions subscription={subscription} done={done} lost={again} />
        </>
      )}
    </article>
  );
}

function PayFirst({ needed: { amountDue, currency, hostedUrl, expiresAt } }: { needed: Needed }) {
  return (
    <div className="farebox-notice" role="alert">
      <p>
        The change waits for a payment of {money(amountDue, currency)}.
        {expiresAt != null && ` Without it, the change is given up on ${day(expiresAt)}.`}
      </p>
      {hostedUrl && (
        <p className="farebox-notice-foot">
          <a className="button" href={hostedUrl}>
            Pay on Stripe’s page
          </a>
        </p>
      )}
    </div>
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
