// The state of a subscription, in words. They say what Stripe's status says, and no more: whether
// an amount was taken is what its invoice tells.

import type { Subscription } from "farebox/react";
import { money } from "./money";
import { offerOf } from "./plans";
import { day, type Tone } from "./words";

type State =
  | "trialing"
  | "active"
  | "canceling"
  | "collection_paused"
  | "past_due"
  | "unpaid"
  | "paused"
  | "incomplete"
  | "incomplete_expired"
  | "canceled"
  | "unknown";

const LABELS: Record<State, [label: string, tone: Tone]> = {
  trialing: ["Trial", "good"],
  active: ["Active", "good"],
  canceling: ["Ends soon", "wait"],
  collection_paused: ["Payments paused", "note"],
  past_due: ["Payment missing", "bad"],
  unpaid: ["Unpaid", "bad"],
  paused: ["Paused", "note"],
  incomplete: ["Not begun", "wait"],
  incomplete_expired: ["Never begun", "note"],
  canceled: ["Ended", "note"],
  unknown: ["Unknown", "note"],
};

/** The end that is scheduled, in Unix seconds; `null` where none is. */
export const endOf = ({ cancelAt, cancelAtPeriodEnd, currentPeriodEnd }: Subscription) =>
  cancelAt ?? (cancelAtPeriodEnd ? (currentPeriodEnd ?? null) : null);

/** Whether an end is scheduled, also where its time is not known. */
export const isEnding = (of: Subscription) => of.cancelAtPeriodEnd || endOf(of) !== null;

export function stateOf(of: Subscription): State {
  switch (of.status) {
    case "trialing":
    case "active":
      if (isEnding(of)) return "canceling";
      return of.pause ? "collection_paused" : of.status;
    case "past_due":
    case "unpaid":
    case "paused":
    case "incomplete":
    case "incomplete_expired":
    case "canceled":
      return of.status;
    default:
      return "unknown";
  }
}

/** Whether the subscription is over for good. */
export const isOver = ({ status }: Subscription) =>
  status === "canceled" || status === "incomplete_expired";

export function standingLabel(of: Subscription): { label: string; tone: Tone } {
  const [label, tone] = LABELS[stateOf(of)];
  return { label, tone };
}

/** What the state means for its holder; `now` is in milliseconds. */
export function standing(of: Subscription, now = Date.now()): string {
  const isPast = (at: number) => at * 1000 <= now;
  switch (stateOf(of)) {
    case "trialing":
      return trialing(of, isPast);
    case "active":
      return "Your plan runs.";
    case "canceling":
      return canceling(of, isPast);
    case "collection_paused":
      return paused(of);
    case "past_due":
      return `A payment is missing${since(of)}. Pay it to keep the plan.`;
    case "unpaid":
      return (
        `A payment is missing${since(of)}, and the plan gives no access. ` +
        "It goes on when the open invoice is paid."
      );
    case "paused":
      return "The plan is paused, and gives no access until it is resumed.";
    case "incomplete":
      return "The first payment is not complete, so the plan has not begun.";
    case "incomplete_expired":
      return "The first payment was not completed in time, so the plan never began.";
    case "canceled":
      return of.endedAt ? `The plan ended on ${day(of.endedAt)}.` : "The plan has ended.";
    case "unknown":
      return `Stripe reports “${of.status}”. Ask us what that means for your plan.`;
  }
}

const since = ({ pastDueSince }: Subscription) =>
  pastDueSince ? ` since ${day(pastDueSince)}` : "";

function trialing({ trialEnd }: Subscription, isPast: (at: number) => boolean): string {
  if (!trialEnd) return "You try the plan.";
  return isPast(trialEnd)
    ? `Your trial was to end on ${day(trialEnd)}. The result is not known here yet.`
    : `You try the plan until ${day(trialEnd)}.`;
}

function canceling(of: Subscription, isPast: (at: number) => boolean): string {
  const end = endOf(of);
  if (end === null) return "The plan ends with the current period, and is not renewed.";
  return isPast(end)
    ? `The plan was to end on ${day(end)}. The result is not known here yet.`
    : `The plan ends on ${day(end)}, and is not renewed.`;
}

const MEANWHILE: Record<string, string> = {
  keep_as_draft: "What falls due meanwhile is collected later.",
  mark_uncollectible: "What falls due meanwhile is not collected.",
  void: "What falls due meanwhile is not charged.",
};

function paused({ pause }: Subscription): string {
  const until = pause?.resumesAt ? ` until ${day(pause.resumesAt)}` : "";
  const meanwhile = MEANWHILE[pause?.behavior ?? ""];
  return `Your plan runs, and its payments are paused${until}.${meanwhile ? ` ${meanwhile}` : ""}`;
}

/** The time of the next regular payment; `null` where none is expected or known. */
export function nextPayment(of: Subscription, now = Date.now()): number | null {
  const state = stateOf(of);
  const isExpected = state === "active" || state === "trialing";
  const at = of.currentPeriodEnd ?? null;
  return isExpected && at !== null && at * 1000 > now ? at : null;
}

/** The name of a subscription, such as `Team, 3 seats`. */
export const planName = ({ items }: Subscription): string =>
  items
    .map(({ lookupKey, productName, price, quantity }) => {
      const offer = offerOf(lookupKey);
      const name = offer?.plan.name ?? productName ?? lookupKey ?? price;
      if (!offer?.plan.isPerSeat && (quantity ?? 1) === 1) return name;
      return quantity == null ? name : `${name}, ${quantity} ${quantity === 1 ? "seat" : "seats"}`;
    })
    .join("; ") || "A plan";

/** The price of a subscription, such as `$19.00 a month`; `null` where usage or tiers make it. */
export function planPrice({ items, currency }: Subscription): string | null {
  const [first] = items;
  if (!first) return null;
  let sum = 0;
  for (const { unitAmount, quantity, interval, intervalCount } of items) {
    if (unitAmount == null || quantity == null) return null;
    if (interval !== first.interval || intervalCount !== first.intervalCount) return null;
    sum += unitAmount * quantity;
  }
  return `${money(sum, currency)} ${rhythm(first.interval, first.intervalCount)}`.trim();
}

function rhythm(interval: string | null | undefined, count: number | null | undefined): string {
  if (!interval) return "";
  return (count ?? 1) === 1 ? `a ${interval}` : `every ${count} ${interval}s`;
}

/** The open invoice whose payment is missing, and Stripe's page of it. */
export function missing({ latestInvoice }: Subscription) {
  return latestInvoice?.status === "open" && latestInvoice.amountDue > 0 ? latestInvoice : null;
}
