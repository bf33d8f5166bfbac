// The order's panel: polls the order and shows its progress.

import { order as read, Refused } from "./api.js";
import { deliveries } from "./activity.js";
import { kept } from "./session.js";
import { money, parts, partly, pending, status as words } from "./words.js";

const PACE_MS = 700;
const RESTING_PACE_MS = 4000;
const RESTS_AFTER_MS = 20_000;
const LATE_MS = 8000;

const AWAITED = "Accepted. The signed webhook will mark the order paid.";
const LATE = "Accepted, but no webhook has arrived yet. See Activity.";

const OPEN = new Set(["created", "requires_action", "processing", "failed", "expired"]);
const BEFORE_PAID = new Set([...OPEN, "authorized", "canceled"]);

const at = (id) => document.getElementById(id);
let shown = null;
let acceptedAt = 0;
let timer = 0;
let reading = false;
let again = false;
let movedAt = 0;

/**
 * Emits `change` when the order's status or refunds changed or the order was cleared, and `gone`
 * when the server does not have the order.
 */
export const order = new EventTarget();

/** The order as last read; null without one. */
export const current = () => shown;

/** Returns true when the order can still be paid, or does not exist yet. */
export const isOpen = () => shown === null || OPEN.has(shown.status);

/** Returns true when the bank accepted the card; the webhook may still be missing. */
export const isAccepted = () => acceptedAt > 0;

/** Shows and polls the order `kept.orderId`. */
export function follow() {
  acceptedAt = 0;
  nudge();
}

/** Reads the order now, and often for a while. */
export function nudge() {
  movedAt = Date.now();
  return refresh();
}

/** The bank accepted the card; the webhook confirms it later. */
export function accept() {
  acceptedAt ||= Date.now();
  render();
  nudge();
}

/** Shows no order. */
export function clear() {
  shown = null;
  acceptedAt = 0;
  clearTimeout(timer);
  render();
  order.dispatchEvent(new Event("change"));
}

/** Shows the current state, such as one more delivery. */
export function render() {
  const fulfilled = shown ? deliveries(shown.orderId) : new Map();
  const { label, tone } = shown ? words(shown.status) : { label: "No order yet", tone: "none" };
  at("order-badge").textContent = label;
  at("order-badge").dataset.tone = tone;
  at("order-badge").dataset.status = shown?.status ?? "none";
  say(at("order-text"), sentence(fulfilled.size));
  at("order-id").textContent = shown?.orderId ?? "–";
  at("order-amount").textContent = shown ? money(shown.amount, shown.currency) : "–";
  showParts();
  at("fulfilled").textContent = shown ? receipt(fulfilled) : "–";
  at("fulfilled").dataset.count = String(fulfilled.size);
  for (const [step, state] of Object.entries(progress(fulfilled.size))) {
    const item = at("steps").querySelector(`[data-step="${step}"]`);
    item.dataset.state = state;
    if (state === "now") item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
}

function showParts() {
  const rows = shown ? parts(shown) : [];
  at("order-parts").hidden = rows.length === 0;
  const texts = rows.flat().map((text, index) =>
    Object.assign(document.createElement(index % 2 ? "dd" : "dt"), { textContent: text }),
  );
  at("order-parts").replaceChildren(...texts);
}

async function refresh() {
  const id = kept.orderId;
  again = reading;
  if (!id || reading) return;
  clearTimeout(timer);
  reading = true;
  try {
    update(id, await read(id));
  } catch (error) {
    if (error instanceof Refused && error.status === 404 && id === kept.orderId) {
      clear();
      order.dispatchEvent(new Event("gone"));
    }
    movedAt = 0;
  } finally {
    reading = false;
    if (again) refresh();
    else schedule();
  }
}

function update(id, answer) {
  if (id !== kept.orderId) return;
  const changed = ["status", "refundedAmount", "refundPendingAmount", "orderId"].some(
    (name) => answer[name] !== shown?.[name],
  );
  if (changed) {
    movedAt = Date.now();
    // An old notification may have left the list; then the panel waits for none.
    if (!OPEN.has(answer.status)) setTimeout(render, RESTS_AFTER_MS + PACE_MS);
  }
  shown = answer;
  render();
  if (changed) order.dispatchEvent(new Event("change"));
}

// Polls an unpaid order slowly; stops for a finished order and in a hidden tab.
function schedule() {
  clearTimeout(timer);
  const isOver = shown?.orderId === kept.orderId && !isOpen() && shown.status !== "authorized";
  if (!kept.orderId || document.hidden || isOver) return;
  timer = setTimeout(refresh, isResting() ? RESTING_PACE_MS : PACE_MS);
}

const isResting = () => Date.now() - movedAt > RESTS_AFTER_MS;

document.addEventListener("visibilitychange", () =>
  document.hidden ? clearTimeout(timer) : nudge(),
);

function sentence(messages) {
  if (!shown) return "Press Pay, and the order appears here.";
  if (shown.status === "paid" && messages && !shown.refundPendingAmount)
    return "Paid and fulfilled: Farebox notified the shop once, with a signed message.";
  if (isAccepted() && OPEN.has(shown.status))
    return Date.now() - acceptedAt < LATE_MS ? AWAITED : LATE;
  if (shown.refundPendingAmount) return pending(shown);
  if (shown.status === "partially_refunded") return partly(shown);
  return words(shown.status).text;
}

function receipt(messages) {
  if (!messages.size && BEFORE_PAID.has(shown.status)) return "after payment";
  if (!messages.size) return isResting() ? "none seen here" : "on its way…";
  const sent = [...messages.values()].reduce((sum, count) => sum + count, 0);
  const again = sent > messages.size ? `, delivered ${sent} times` : "";
  const count = messages.size === 1 ? "once · 1 message" : `${messages.size} messages`;
  return `${count}${again}`;
}

/** The state of each step: `done`, `now`, `bad` or `next`. */
function progress(messages) {
  if (!shown) return { created: "next", accepted: "next", paid: "next", fulfilled: "next" };
  const paid = !BEFORE_PAID.has(shown.status);
  const accepted = isAccepted() || shown.status === "authorized";
  const failed = ["failed", "canceled", "expired"].includes(shown.status);
  return {
    created: "done",
    accepted: paid || accepted ? "done" : failed ? "bad" : "now",
    paid: paid ? "done" : accepted ? "now" : "next",
    fulfilled: messages ? "done" : paid && !isResting() ? "now" : "next",
  };
}

// Screen readers do not repeat an unchanged sentence.
function say(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
