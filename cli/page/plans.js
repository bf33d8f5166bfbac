// The texts about a subscription, and the plans to choose from.

import { money } from "./words.js";

/** The statuses of subscriptions that are over. */
const OVER = ["canceled", "incomplete_expired"];

/** Returns true when a subscription is over. */
export const isOver = ({ status }) => OVER.includes(status);

/** The subscription to show: the latest that is not over, or the latest. */
export const chosen = ({ subscriptions }) =>
  subscriptions.find((held) => !isOver(held)) ?? subscriptions[0] ?? null;

/** `15 Mar 2027`, in UTC, as Stripe's periods. */
export const day = (seconds) =>
  new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(seconds * 1000);

const BADGES = {
  trialing: ["Trial", "good"],
  active: ["Active", "good"],
  past_due: ["Past due", "bad"],
  unpaid: ["Unpaid", "bad"],
  paused: ["Paused", "wait"],
  incomplete: ["Not paid yet", "wait"],
  incomplete_expired: ["Never began", "none"],
  canceled: ["Ended", "none"],
};

/** The badge's text and colour. */
export function badge(held) {
  if (!held) return ["No subscription", "none"];
  if (ends(held) && !isOver(held)) return ["Ends soon", "wait"];
  return BADGES[held.status] ?? [held.status, "none"];
}

/** The time at which a subscription ends by a cancellation; null without one. */
export const ends = (held) =>
  held.cancelAt ?? (held.cancelAtPeriodEnd ? held.currentPeriodEnd : null);

const owed = ({ amountDue, currency }) => money(amountDue, currency);

/** One sentence or two about a subscription; `active` is what the caller may use by it. */
export function sentence(held, active) {
  if (!held) return "Choose a plan: Checkout takes a test card, such as 4242 4242 4242 4242.";
  const end = ends(held);
  if (isOver(held)) return "It ended. You may subscribe again.";
  if (held.status === "past_due") return pastDue(held, active);
  if (end) return `It ends on ${day(end)}, and nothing more is paid.`;
  if (held.status === "trialing")
    return `Free until ${day(held.trialEnd)}. Then the card pays the first period.`;
  if (held.status === "active") return `It renews on ${day(held.currentPeriodEnd)}.`;
  return "Stripe waits for a payment, or for the payment method.";
}

function pastDue({ latestInvoice }, active) {
  const failed = latestInvoice
    ? `The payment of ${owed(latestInvoice)} failed.`
    : "A payment failed.";
  const again = latestInvoice?.nextAttempt
    ? ` Stripe tries again on ${day(latestInvoice.nextAttempt)}.`
    : "";
  const access = active
    ? " The members' page stays open for the days of grace."
    : " The members' page is closed.";
  return failed + again + access;
}

/** The facts about a subscription, by their place on the page. */
export function facts(held, entitlements) {
  const none = entitlements.length ? entitlements.join(", ") : "none";
  if (!held) return { item: "–", next: "–", invoice: "–", entitlements: none };
  return {
    item: held.items.map((item) => line(item, held.currency)).join(", ") || "–",
    next: next(held),
    invoice: invoice(held.latestInvoice),
    entitlements: none,
  };
}

function line({ productName, lookupKey, price, quantity, unitAmount, interval }, currency) {
  const name = productName ?? lookupKey ?? price;
  const seats = quantity > 1 ? ` × ${quantity}` : "";
  return unitAmount === null ? name : `${name}${seats}, ${each(unitAmount, currency, interval)}`;
}

function next(held) {
  if (held.status === "past_due")
    return held.latestInvoice?.nextAttempt ? day(held.latestInvoice.nextAttempt) : "–";
  if (isOver(held) || ends(held)) return "none";
  return ["active", "trialing"].includes(held.status) ? day(held.currentPeriodEnd) : "–";
}

const invoice = (held) => (held ? `${owed(held)}, ${held.status}` : "–");

const each = (amount, currency, interval) =>
  `${money(amount, currency)} ${interval === "year" ? "a year" : `a ${interval}`}`;

/** The plans as radio buttons, in `place`. */
export function offerPlans(place, plans) {
  const tiles = plans.map(({ price, name, amount, currency, interval }, index) => {
    const radio = element("input", { type: "radio", name: "plan", value: price });
    radio.checked = index === 0;
    radio.dataset.test = `plan-${price}`;
    const tile = element("label", { className: "plan-tile" });
    tile.append(
      radio,
      element("b", { textContent: name }),
      element("span", { textContent: each(amount, currency, interval) }),
    );
    return tile;
  });
  place.append(...tiles);
}

/** The lookup key of the plan that is chosen in `place`. */
export const chosenPlan = (place) => place.querySelector(":checked")?.value;

const element = (name, properties) => Object.assign(document.createElement(name), properties);
