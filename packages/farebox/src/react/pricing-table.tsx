// The plans of a shop, and the way to the Checkout of each.

"use client";

import { useId, useState, type ReactNode } from "react";
import { useSettings, useTexts } from "./context.js";
import { EmbeddedCheckout } from "./embedded.js";
import { HostedCheckoutButton } from "./hosted.js";
import { money } from "./money.js";
import type { Subscriptions } from "./requests.js";
import { planTexts } from "./texts-plans.js";
import { useSubscriptions } from "./use-subscriptions.js";

/** A recurring price of a plan. Stripe decides the amount: the one here is only shown. */
export interface PlanOffer {
  /** The id of a recurring Stripe price, or its lookup key. */
  price: string;
  name: string;
  /** In minor units of `currency`. */
  amount: number;
  /** Three lower-case letters, such as `usd`. */
  currency: string;
  interval: "day" | "week" | "month" | "year";
  /** Each so many intervals; 1 by default. */
  intervalCount?: number;
  description?: ReactNode;
  features?: readonly ReactNode[];
  /** The most seats that can be bought, where each has this price. */
  mostSeats?: number;
  /** The days that are free at first, as the checkout file has them. */
  trialDays?: number;
}

export interface PricingTableProps {
  plans: readonly PlanOffer[];
  /** The return page, a URL or path of the site. */
  returnUrl: string;
  /** Where a payer who leaves Stripe's page goes on; this page by default. */
  cancelUrl?: string;
  /** `embedded` shows Checkout in this page. */
  ui?: "hosted" | "embedded";
  /** False where the visitor holds no plan for sure: a guest, or nobody. Then none is looked up. */
  showsOwn?: boolean;
  /** Shown in place of the button, such as the way to sign in. */
  action?: (plan: PlanOffer, seats: number) => ReactNode;
}

/** Plans to subscribe to; the caller's own is marked. */
export function PricingTable(props: PricingTableProps) {
  const { plans, returnUrl, cancelUrl, ui = "hosted", showsOwn = true, action } = props;
  const texts = useTexts("plans", planTexts);
  const rhythms = [...new Set(plans.map(rhythmOf))];
  const [chosen, setChosen] = useState<string | null>(null);
  const [open, setOpen] = useState<{ price: string; quantity: number } | null>(null);
  const { subscriptions } = useSubscriptions({ isOn: showsOwn });
  const rhythm = chosen !== null && rhythms.includes(chosen) ? chosen : rhythms[0];
  const shown = plans.filter((plan) => rhythmOf(plan) === rhythm || isOnly(plan, plans));

  if (open)
    return (
      <div className="farebox-plans">
        {/* The button that led here is gone, and with it the focus. */}
        <button
          type="button"
          className="farebox-button farebox-quiet"
          autoFocus
          onClick={() => setOpen(null)}
        >
          {texts.back}
        </button>
        <EmbeddedCheckout items={[open]} mode="subscription" returnUrl={returnUrl} />
      </div>
    );

  const choose = (plan: PlanOffer, seats: number): ReactNode => {
    if (isHeld(plan, subscriptions)) return <p className="farebox-yours">{texts.yours}</p>;
    if (action) return action(plan, seats);
    const item = { price: plan.price, quantity: seats };
    return ui === "hosted" ? (
      <HostedCheckoutButton
        key={seats}
        items={[item]}
        mode="subscription"
        successUrl={returnUrl}
        {...(cancelUrl !== undefined && { cancelUrl })}
      >
        {texts.choose(plan.name)}
      </HostedCheckoutButton>
    ) : (
      <button type="button" className="farebox-button" onClick={() => setOpen(item)}>
        {texts.choose(plan.name)}
      </button>
    );
  };

  return (
    <div className="farebox-plans">
      {rhythms.length > 1 && (
        <Rhythms plans={plans} rhythms={rhythms} chosen={rhythm} choose={setChosen} />
      )}
      <ul>
        {shown.map((plan) => (
          <Plan key={plan.price} plan={plan} choose={choose} />
        ))}
      </ul>
    </div>
  );
}

const rhythmOf = ({ interval, intervalCount = 1 }: PlanOffer) => `${intervalCount} ${interval}`;

/** Whether a plan has this one price alone: it is shown beside every interval. */
const isOnly = ({ name }: PlanOffer, plans: readonly PlanOffer[]) =>
  plans.filter((other) => other.name === name).length === 1;

const OVER: readonly string[] = ["canceled", "incomplete", "incomplete_expired"];

const isHeld = ({ price }: PlanOffer, known: Subscriptions | null): boolean =>
  (known?.subscriptions ?? []).some(
    ({ status, items }) =>
      !OVER.includes(status) &&
      items.some((item) => item.lookupKey === price || item.price === price),
  );

interface RhythmsProps {
  plans: readonly PlanOffer[];
  rhythms: readonly string[];
  chosen: string | undefined;
  choose: (rhythm: string) => void;
}

function Rhythms({ plans, rhythms, chosen, choose }: RhythmsProps) {
  const name = useId();
  const texts = useTexts("plans", planTexts);
  return (
    <fieldset>
      <legend>{texts.billed}</legend>
      {rhythms.map((rhythm) => {
        const plan = plans.find((of) => rhythmOf(of) === rhythm);
        return (
          <label key={rhythm}>
            <input
              type="radio"
              name={name}
              checked={rhythm === chosen}
              onChange={() => choose(rhythm)}
            />
            {plan && texts.interval(plan.interval, plan.intervalCount ?? 1)}
          </label>
        );
      })}
    </fieldset>
  );
}

interface PlanProps {
  plan: PlanOffer;
  choose: (plan: PlanOffer, seats: number) => ReactNode;
}

function Plan({ plan, choose }: PlanProps) {
  const id = useId();
  const texts = useTexts("plans", planTexts);
  const { locale } = useSettings();
  const [typed, setTyped] = useState("1");
  const { mostSeats, trialDays, features = [] } = plan;
  const seats = mostSeats === undefined ? 1 : Number(typed);
  const isValid = Number.isInteger(seats) && seats >= 1 && seats <= (mostSeats ?? 1);
  const amount = money(plan.amount, plan.currency, locale);
  return (
    <li className="farebox-plan" data-price={plan.price}>
      <h2>{plan.name}</h2>
      {plan.description && <p>{plan.description}</p>}
      <p className="farebox-price">
        {texts.price(amount, plan.interval, plan.intervalCount ?? 1)}
        {mostSeats !== undefined && ` ${texts.perSeat}`}
        {trialDays !== undefined && <small>{texts.trial(trialDays)}</small>}
      </p>
      {features.length > 0 && (
        <ul className="farebox-features">
          {features.map((feature, at) => (
            <li key={at}>{feature}</li>
          ))}
        </ul>
      )}
      {mostSeats !== undefined && (
        <p className="farebox-seats">
          <label htmlFor={id}>{texts.seats}</label>
          <input
            id={id}
            type="number"
            min={1}
            max={mostSeats}
            value={typed}
            aria-invalid={!isValid}
            onChange={({ target }) => setTyped(target.value)}
          />
        </p>
      )}
      {isValid ? (
        choose(plan, seats)
      ) : (
        <p className="farebox-wrong">{texts.wrongSeats(mostSeats ?? 1)}</p>
      )}
    </li>
  );
}
