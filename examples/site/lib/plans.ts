// The plans. `price` is the lookup key of a recurring Stripe price, which decides the amount. The
// amounts here are for display; Stripe's Checkout and the preview of a change show Stripe's.


export type Interval = "month" | "year";

export interface Rate {
  /** The price's lookup key in Stripe. */
  price: string;
  /** In minor units. */
  amount: number;
}

export interface Plan {
  name: string;
  line: string;
  isPerSeat: boolean;
  rates: Partial<Record<Interval, Rate>>;
}

export const PLANS: readonly Plan[] = [
  {
    name: "Pro",
    line: "The harbour log, for one reader",
    isPerSeat: false,
    rates: {
      month: { price: "pro_monthly", amount: 1900 },
      year: { price: "pro_yearly", amount: 19000 },
    },
  },
  {
    name: "Team",
    line: "The harbour log, for a crew; you pay for each seat",
    isPerSeat: true,
    rates: { month: { price: "team_monthly", amount: 4900 } },
  },
];

/** A price of a plan. */
export interface Offer {
  plan: Plan;
  interval: Interval;
  rate: Rate;
}

export const OFFERS: readonly Offer[] = PLANS.flatMap((plan) =>
  (["month", "year"] as const).flatMap((interval) => {
    const rate = plan.rates[interval];
    return rate ? [{ plan, interval, rate }] : [];
  }),
);

/** The offer with this lookup key. */
export const offerOf = (price: string | null | undefined) =>
  OFFERS.find(({ rate }) => rate.price === price);

/** The most seats that the pages offer. */
export const MOST_SEATS = 100;

/**
 * What opens the harbour log: the feature of this name, for a shop that defines features at Stripe;
 * else each plan's lookup key.
 */
export const OPENS_THE_LOG: readonly string[] = [
  "harbour_log",
  ...OFFERS.map(({ rate }) => rate.price),
];
