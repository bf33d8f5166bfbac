// The plans, monthly or yearly, and the way to the Checkout of each.

"use client";

import Link from "next/link";
import { useState, type ReactNode } from "react";
import { CURRENCY } from "@/lib/catalogue";
import { money } from "@/lib/money";
import { MOST_SEATS, PLANS, type Interval, type Plan, type Rate } from "@/lib/plans";
import { ChooseHere, ChooseThere, type Choice } from "./subscribe";

/** Whether the reader can subscribe; others see the way to an account. */
export type Reader = "nobody" | "guest" | "subscriber" | "staff";

interface Props {
  reader: Reader;
  trialDays: number | null;
  /** What a guest is shown. */
  forGuests: ReactNode;
}

const INTERVALS: [Interval, string][] = [
  ["month", "Monthly"],
  ["year", "Yearly"],
];

const WAYS = [
  ["there", "On Stripe’s page"],
  ["here", "In this page"],
] as const;

export function Plans({ reader, trialDays, forGuests }: Props) {
  const [interval, setInterval] = useState<Interval>("month");
  const [way, setWay] = useState<(typeof WAYS)[number][0]>("there");
  const [chosen, setChosen] = useState<Choice | null>(null);
  if (chosen) return <ChooseHere choice={chosen} leave={() => setChosen(null)} />;
  return (
    <>
      <Radios legend="Billed" name="interval" of={INTERVALS} value={interval} set={setInterval} />
      {reader === "subscriber" && (
        <Radios legend="You pay" name="way" of={WAYS} value={way} set={setWay} />
      )}
      {reader === "guest" && forGuests}
      {reader === "staff" && <p>Staff accounts manage orders, and cannot subscribe.</p>}
      <ul className="plans">
        {PLANS.map((plan) => {
          const shown: Interval = plan.rates[interval] ? interval : "month";
          const rate = plan.rates[shown];
          if (!rate) return null;
          return (
            <PlanTile key={plan.name} plan={plan} rate={rate} interval={shown} days={trialDays}>
              {(seats) => {
                const choice = { price: rate.price, quantity: seats };
                if (reader === "nobody") return <SignIn />;
                if (reader !== "subscriber") return null;
                return way === "there" ? (
                  <ChooseThere key={`${rate.price} ${seats}`} choice={choice} name={plan.name} />
                ) : (
                  <button type="button" className="wide" onClick={() => setChosen(choice)}>
                    Choose {plan.name}
                  </button>
                );
              }}
            </PlanTile>
          );
        })}
      </ul>
    </>
  );
}

interface TileProps {
  plan: Plan;
  rate: Rate;
  interval: Interval;
  days: number | null;
  /** The button for this number of seats. */
  children: (seats: number) => ReactNode;
}

function PlanTile({ plan, rate, interval, days, children }: TileProps) {
  const [typed, setTyped] = useState("1");
  const seats = Number(typed);
  const isValid = Number.isInteger(seats) && seats >= 1 && seats <= MOST_SEATS;
  const field = `seats-${plan.name}`;
  return (
    <li className="tile plan-tile" data-price={rate.price}>
      <div className="tile-words">
        <h2>{plan.name}</h2>
        <p>{plan.line}</p>
      </div>
      <p>
        <span className="price">{money(rate.amount, CURRENCY)}</span> a {interval}
        {plan.isPerSeat && " for each seat"}
        {days !== null && <small className="trial">free for the first {days} days</small>}
      </p>
      {plan.isPerSeat && (
        <p className="seats">
          <label htmlFor={field}>Seats</label>
          <input
            id={field}
            type="number"
            min={1}
            max={MOST_SEATS}
            value={typed}
            aria-invalid={!isValid}
            onChange={({ target }) => setTyped(target.value)}
          />
        </p>
      )}
      {isValid ? children(seats) : <p className="farebox-wrong">From 1 to {MOST_SEATS} seats.</p>}
    </li>
  );
}

const SignIn = () => (
  <Link className="button wide" href="/sign-in?to=/pricing">
    Sign in to choose
  </Link>
);

interface RadioProps<T extends string> {
  legend: string;
  name: string;
  of: readonly (readonly [value: T, label: string])[];
  value: T;
  set: (value: T) => void;
}

function Radios<T extends string>({ legend, name, of, value, set }: RadioProps<T>) {
  return (
    <fieldset className="ways toggle">
      <legend>{legend}</legend>
      {of.map(([each, label]) => (
        <label key={each}>
          <input
            type="radio"
            name={name}
            value={each}
            checked={value === each}
            onChange={() => set(each)}
          />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
