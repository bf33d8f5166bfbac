// Another plan, or another number of seats.

"use client";

import { useChange, type Change, type Follows, type Subscription } from "farebox/react";
import { useId, useState, type FormEvent } from "react";
import { money } from "@/lib/money";
import { MOST_SEATS, offerOf, OFFERS, type Offer } from "@/lib/plans";
import { Quote } from "./quote";

interface Props extends Follows {
  subscription: Subscription;
}

export function ChangePlan({ subscription, ...follows }: Props) {
  const id = useId();
  const [item] = subscription.items;
  const [price, setPrice] = useState(item?.lookupKey ?? "");
  const [seats, setSeats] = useState(String(item?.quantity ?? 1));
  const [isLater, setIsLater] = useState(false);
  const changing = useChange(subscription.id, follows);
  const offer = offerOf(price);
  const change = changeOf(item, offer, seats, isLater);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (change) void changing.quote(change);
  }

  if (changing.quoted)
    return <Quote changing={changing} action={isLater ? "Change it then" : "Change it now"} />;
  return (
    <>
      <form className="fields" onSubmit={submit}>
        <label htmlFor={`${id}-plan`}>Plan</label>
        <select
          id={`${id}-plan`}
          value={price}
          onChange={({ target }) => setPrice(target.value)}
          disabled={changing.isBusy}
        >
          {/* A price that the site does not offer, such as one of last year. */}
          {!offerOf(item?.lookupKey) && <option value={item?.lookupKey ?? ""}>As it is</option>}
          {OFFERS.map((of) => (
            <option key={of.rate.price} value={of.rate.price}>
              {offerWords(of, subscription.currency)}
            </option>
          ))}
        </select>
        {offer?.plan.isPerSeat && (
          <>
            <label htmlFor={`${id}-seats`}>Seats</label>
            <input
              id={`${id}-seats`}
              type="number"
              min={1}
              max={MOST_SEATS}
              required
              value={seats}
              onChange={({ target }) => setSeats(target.value)}
              disabled={changing.isBusy}
            />
          </>
        )}
        <label htmlFor={`${id}-when`}>When</label>
        <select
          id={`${id}-when`}
          value={isLater ? "later" : "now"}
          onChange={({ target }) => setIsLater(target.value === "later")}
          disabled={changing.isBusy}
        >
          <option value="now">Now</option>
          <option value="later">From the next period on</option>
        </select>
        <button className="quiet" disabled={!change || changing.isBusy}>
          {changing.isBusy ? "One moment…" : "Show the cost"}
        </button>
      </form>
      <Quote changing={changing} action="" />
    </>
  );
}

function offerWords({ plan, interval, rate }: Offer, currency: string): string {
  const each = plan.isPerSeat ? " for each seat" : "";
  return `${plan.name}, ${money(rate.amount, currency)} a ${interval}${each}`;
}

/** The change that the form asks for; `null` where it asks for none. */
function changeOf(
  item: Subscription["items"][number] | undefined,
  offer: Offer | undefined,
  seats: string,
  isLater: boolean,
): Change | null {
  if (!item || !offer) return null;
  const { price } = offer.rate;
  const quantity = offer.plan.isPerSeat ? Number(seats) : 1;
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > MOST_SEATS) return null;
  const change = {
    ...(price !== item.lookupKey && { price }),
    ...(quantity !== item.quantity && { quantity }),
  };
  if (Object.keys(change).length === 0) return null;
  return { change: { ...change, ...(isLater && { when: "period_end" as const }) } };
}
