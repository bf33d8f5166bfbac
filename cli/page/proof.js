// Results of the switches: one line of the live list explains the effect of each.

import { activity, explain } from "./activity.js";

const CREATE = "POST /v1/payment_intents";
const REFUND = "POST /v1/refunds";
/** The events that change an order's status, and the status. */
const DECISIVE = { "payment_intent.succeeded": "paid", "payment_intent.payment_failed": "failed" };

/** The active experiments, by group: `{ name, since, rows, orders }`. */
const tries = new Map();

/** Emits `found`, with the explanation. */
export const proofs = new EventTarget();

/** Judges new rows of `group` by the rule `name`; `null` stops. */
export function lookFor(group, name) {
  if (name) tries.set(group, { name, rows: [], since: Date.now() });
  else tries.delete(group);
}

/** Ends the experiment of `group`: judges only the orders that it already saw. */
export function lookNoFurther(group) {
  const attempt = tries.get(group);
  if (attempt) attempt.orders = new Set(attempt.rows.map(({ orderId }) => orderId));
}

/** Records the time of the latest payment's response. */
export function answered() {
  for (const attempt of tries.values()) attempt.answeredAt = Date.now();
}

activity.addEventListener("entry", ({ detail: entry }) => {
  for (const [group, attempt] of tries) {
    // A page that opens late receives the whole list.
    if (!entry.orderId || entry.at < attempt.since) continue;
    if (attempt.orders && !attempt.orders.has(entry.orderId)) continue;
    attempt.rows.push(entry);
    const rows = beforeRefund(attempt.rows.filter(({ orderId }) => orderId === entry.orderId));
    const found = judges[attempt.name](rows, attempt);
    const key = `${group}:${attempt.since}:${entry.orderId}`;
    if (!found || attempt.said === key + found.text) continue;
    attempt.said = key + found.text;
    explain(key, found);
    proofs.dispatchEvent(new CustomEvent("found", { detail: { group, ...found } }));
  }
});

const judges = {
  duplicate(rows) {
    const came = decided(rows);
    const copies = rows.filter(({ eventId, ok }) => ok && eventId === came?.eventId).length;
    if (copies < 2) return null;
    const effects = reached(rows, DECISIVE[came.title]);
    return said(
      effects === 1,
      `Stripe delivered ${came.title} ${copies} times, with ${count(effects, "effect")}: ` +
      `${state(rows)}${messages(rows)}.`,
    );
  },
  reversed(rows) {
    const came = events(rows);
    const place = came.findIndex(({ title }) => title in DECISIVE);
    const later = came.length - place - 1;
    if (place < 0 || later < 1) return null;
    const effects = reached(rows, DECISIVE[came[place].title]);
    return said(
      effects === 1,
      `${came[place].title} arrived before ${count(later, "older event")}: ${state(rows)} and ` +
      `did not change again.`,
    );
  },
  delay(rows, { answeredAt }) {
    const came = decided(rows);
    const effects = came ? reached(rows, DECISIVE[came.title]) : 0;
    if (!came || !effects) return null;
    const seconds = Math.max(0, (came.at - (answeredAt ?? came.at)) / 1000).toFixed(1);
    return said(
      effects === 1,
      `The webhook arrived ${seconds} s after the bank's response: ` +
      `${state(rows)}${messages(rows)}.`,
    );
  },
  outage(rows) {
    const effects = reached(rows, "paid");
    if (!effects) return null;
    return said(
      effects === 1,
      `${count(events(rows).length, "event")} arrived after the outage: ` +
      `${state(rows)}${messages(rows)}.`,
    );
  },
  missed(rows) {
    const effects = reached(rows, "paid");
    if (!effects || events(rows).length) return null;
    return said(
      effects === 1,
      `No webhook arrived. Farebox fetched the events from Stripe: ` +
      `${state(rows)}${messages(rows)}.`,
    );
  },
  forged(rows) {
    const refused = rows.some(
      ({ source, ok, response }) => source === "webhook" && !ok && response?.status === 400,
    );
    if (!refused) return null;
    const changed = rows.some(({ source }) => source === "order");
    return said(!changed, "Rejected: the signature does not match. The order did not change.");
  },
  request(rows) {
    const asked = rows.filter(({ source, title }) => source === "stripe" && title === CREATE);
    if (!asked.at(-1)?.ok) return null;
    const keys = new Set(asked.map(keyOf));
    const { intents } = asked.at(-1);
    const under = keys.size === 1 ? "the same key" : `${keys.size} keys`;
    const how = count(asked.length, "request") + (asked.length === 1 ? "" : ` under ${under}`);
    return said(intents === 1, `${how}: ${count(intents, "intent")} for this order.`);
  },
};

/** An experiment is about a payment: its refund, and the refund's events, do not count. */
function beforeRefund(rows) {
  const place = rows.findIndex(
    ({ source, title }) => title === REFUND || (source === "order" && title.startsWith("paid →")),
  );
  return place < 0 ? rows : rows.slice(0, place);
}

const events = (rows) => rows.filter(({ source, ok }) => source === "webhook" && ok);
const decided = (rows) => events(rows).findLast(({ title }) => title in DECISIVE);
const reached = (rows, status) =>
  rows.filter(({ source, title }) => source === "order" && title.split("→ ").at(-1) === status)
    .length;
const keyOf = ({ request }) => request?.headers.find(([name]) => name === "idempotency-key")?.[1];
const said = (ok, text) => ({ ok, text });
const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;

/** The order's status, and the number of changes to it. */
function state(rows) {
  const moves = rows
    .filter(({ source }) => source === "order")
    .map(({ title }) => title.split("→ ").at(-1));
  if (!moves.length) return "the order did not change";
  const times = moves.filter((status) => status === moves.at(-1)).length;
  return `the order became ${moves.at(-1)} ${times === 1 ? "once" : `${times} times`}`;
}

function messages(rows) {
  const told = rows.filter(
    ({ source, ok, title }) => source === "notify" && ok && title === "order.paid",
  );
  const ids = new Set(told.map(({ detail, seq }) => /msg_\w+/.exec(detail)?.[0] ?? seq));
  return ids.size ? `, and Farebox sent the shop ${count(ids.size, "message")}` : "";
}
