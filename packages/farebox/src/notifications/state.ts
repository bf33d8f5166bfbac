// The state of an object, which the store keeps of its newest version: nothing of the payer, and
// nothing of a single message. What a late message is handed on with follows from it.

import type { Schemas } from "../index.js";
import type { Family } from "./message.js";
import type { Known } from "./store.js";

type Fields = Record<string, unknown>;

interface Data {
  order: Schemas["OrderData"];
  subscription: Schemas["SubscriptionData"];
  invoice: Schemas["SubscriptionData"];
  entitlements: Schemas["EntitlementsData"];
}

/**
 * The fields of `data` that are the object's state. A field that is not listed, as one of a newer
 * Farebox, is not kept: it may name a person.
 */
const STATE: { readonly [Of in Family]: readonly (keyof Data[Of])[] } = {
  order: [
    "orderId",
    "version",
    "customer",
    "status",
    "amount",
    "amounts",
    "currency",
    "refundedAmount",
    "refundPendingAmount",
    "paymentIntent",
    "subscription",
    "paidAt",
    "capturableUntil",
    "cancelReason",
    "disputes",
    "warnings",
    "items",
    "invoice",
    "metadata",
  ],
  subscription: ["subscriptionId", "version", "customer", "subscription", "entitlements", "active"],
  invoice: ["subscriptionId", "version", "customer", "subscription", "entitlements", "active"],
  entitlements: ["version", "customer", "entitlements", "active"],
};

const namesOf = (family: Family): readonly string[] => STATE[family];

/** The state in `data`, to keep. */
export function stateOf(family: Family, data: Fields): Fields {
  const state = only(namesOf(family), data);
  const copy = state["subscription"];
  if (family === "order" || typeof copy !== "object" || copy === null) return state;
  return { ...state, subscription: withoutInvoicePage(copy as Fields) };
}

/** Stripe's page of an invoice names its payer. */
function withoutInvoicePage(subscription: Fields): Fields {
  const invoice = subscription["latestInvoice"];
  if (typeof invoice !== "object" || invoice === null) return subscription;
  return { ...subscription, latestInvoice: { ...invoice, hostedUrl: null } };
}

/**
 * The data of a late message: the newest state, and what the message alone has, such as the payer
 * or its invoice.
 */
export function withNewest(family: Family, data: Fields, newest: Known): Fields {
  const own = Object.entries(data).filter(([name]) => !namesOf(family).includes(name));
  return { ...Object.fromEntries(own), ...newest.state };
}

/** The statuses of an order whose goods are not owed. */
const NOT_OWED = new Set(["refunded", "canceled", "expired", "disputed", "dispute_lost"]);

/**
 * False where a late message would lead to a wrong act: a payment that has gone back, or is about
 * to, and rights that have changed since.
 */
export function isToHandOn(type: string, newest: Fields): boolean {
  if (type === "entitlements.changed") return false;
  if (type !== "order.paid") return true;
  return !NOT_OWED.has(String(newest["status"])) && !isAllGoingBack(newest);
}

/** True where refunds, the pending ones included, take all that was paid. */
function isAllGoingBack(order: Fields): boolean {
  const [amount, refunded, pending] = ["amount", "refundedAmount", "refundPendingAmount"].map(
    (name) => Number(order[name] ?? 0),
  );
  return pending! > 0 && refunded! + pending! >= amount!;
}

const only = (names: readonly string[], data: Fields): Fields =>
  Object.fromEntries(names.filter((name) => Object.hasOwn(data, name)).map((n) => [n, data[n]]));
