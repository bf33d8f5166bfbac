// From the Pay button to the bank's answer. Whether the order is paid, only the order says.

import { createIntent, Refused, signOrder, Unreachable } from "./api.js";
import { ask } from "./bank.js";
import * as cardForm from "./card-form.js";
import { cart, displayed, items, lock, restart } from "./cart.js";
import { accept, clear, current, follow, isAccepted, isOpen, nudge, order } from "./order.js";
import * as element from "./payment-element.js";
import { confirm } from "./sandbox.js";
import { keep, kept } from "./session.js";
import { decline, money, refusal } from "./words.js";

/** Tells `answered` when a payment came to its end, whichever. */
export const checkout = new EventTarget();

const at = (id) => document.getElementById(id);
let shop = null;
let busy = false;
/** The server's price, where it is not the displayed one. */
let agreed = null;
/** The order as the site signed it for this key; only with a Stripe account. */
let signed = null;

const inSandbox = () => shop.mode === "sandbox";

/** Makes the checkout work; again when the server came back. */
export function open(found) {
  const isFirst = shop === null;
  shop = found;
  if (isFirst && inSandbox()) cardForm.showForm(() => tell(null));
  else if (isFirst) cardForm.showNumbers();
  render();
}

at("payment").addEventListener("submit", (event) => {
  event.preventDefault();
  once(pay);
});
at("answer-bank").addEventListener("click", () => once(answerBank));
at("new-order").addEventListener("click", startOver);
cart.addEventListener("change", forgetPrice);
order.addEventListener("change", settled);
order.addEventListener("gone", () => {
  keep({ orderId: null, key: null, updates: null });
  tell({ text: "The server does not know the earlier order any more. The cart is still here.", kind: "note" });
  render();
});

/** Runs `action` unless one is under way: a second click does nothing. */
async function once(action) {
  if (busy || !shop) return;
  const focused = document.activeElement;
  busy = true;
  tell(null);
  render();
  try {
    await action();
  } catch (error) {
    explain(error);
  } finally {
    busy = false;
    render();
    returnFocus(focused);
    checkout.dispatchEvent(new Event("answered"));
  }
}

/** A button that was disabled lost the focus; it gets it back, or the order does. */
function returnFocus(focused) {
  if (document.activeElement !== document.body && !document.activeElement.disabled) return;
  const goal = focused.disabled || focused.hidden ? at("order") : focused;
  goal.focus({ preventScroll: true });
}

async function pay() {
  const { card, wrong } = inSandbox() ? cardForm.typed() : {};
  if (wrong) return tell({ text: wrong });
  if (!inSandbox() && element.isShown()) return conclude(await element.confirmShown());
  const intent = await openIntent();
  if (!isAgreed(intent)) return undefined;
  if (!inSandbox()) return element.show(intent.publishableKey, intent.clientSecret);
  return conclude(await confirm(shop, intent.clientSecret, card), intent);
}

/** The question that was left open, or that a reload took away. */
async function answerBank() {
  const intent = await openIntent();
  conclude(await ask(shop, intent));
}

/** The order's payment. A key or an order that the server cannot take is replaced, once. */
async function openIntent(isSecond = false) {
  if (!kept.key) keep({ key: crypto.randomUUID(), updates: kept.orderId });
  try {
    const intent = await createIntent(kept.key, await contents());
    const isNew = kept.orderId !== intent.orderId;
    keep({ orderId: intent.orderId });
    if (isNew) follow();
    return intent;
  } catch (error) {
    if (isSecond || !makeRoom(error)) throw error;
    return openIntent(true);
  }
}

/** What is paid for: items that Farebox prices, or an order that the site's server signs. */
async function contents() {
  if (inSandbox()) return { items: items(), ...(kept.updates && { orderId: kept.updates }) };
  if (signed?.key !== kept.key) {
    const wanted = { items: items(), ...(kept.orderId && { orderId: kept.orderId }) };
    signed = { key: kept.key, order: (await signOrder(wanted)).order };
  }
  return { order: signed.order };
}

/** Whether another attempt with a new key may help. */
function makeRoom({ code }) {
  if (code === "not_found" && kept.orderId) {
    keep({ key: null, orderId: null });
    clear();
    return true;
  }
  const helps = code === "idempotency_key_reused" || code === "order_changed";
  if (helps) keep({ key: null });
  return helps;
}

/** Nothing is paid at another price than the one on the button. */
function isAgreed({ amount, currency }) {
  if (amount === (agreed ?? displayed()).amount) return true;
  agreed = { amount, currency };
  tell({ text: `The server's price is ${money(amount, currency)}. Press Pay again to pay that.`, kind: "note" });
  return false;
}

/** What the confirmation came to: accepted, refused, or a question of the bank. */
async function conclude(result, intent) {
  if (result?.status === "requires_action" && intent) {
    nudge();
    return conclude(await ask(shop, intent));
  }
  if (result?.error?.payment_intent?.status === "canceled") {
    // The order changed since this form was opened, and has another payment.
    element.hide();
    tell({ text: "The order changed meanwhile. Press Pay again to pay it as it is now.", kind: "note" });
  } else if (result?.error) tell(decline(result.error));
  else if (!result || result.status === "requires_action") tell({ text: "The bank's question is still open.", kind: "note" });
  else if (result.status === "succeeded") {
    accept();
    at("order").scrollIntoView({ block: "nearest", behavior: calm() ? "auto" : "smooth" });
  }
  return nudge();
}

function explain(error) {
  if (error instanceof Refused) {
    tell(refusal(error));
    if (error.code === "order_already_paid") accept();
    else if (error.status === 409) nudge();
  } else if (error instanceof Unreachable) {
    tell({ text: "The dev server does not answer. Nothing is paid twice: try again once it is back." });
  } else {
    tell({ text: error.message });
    nudge();
  }
}

/** The order moved, by this page or by another. */
function settled() {
  if (!isOpen()) {
    tell(null);
    element.hide();
  }
  render();
}

function forgetPrice() {
  agreed = null;
  element.hide();
  tell(kept.orderId ? { text: "The cart changed: Pay changes this order with it.", kind: "note" } : null);
  render();
}

function startOver() {
  if (busy) return;
  agreed = null;
  signed = null;
  element.hide();
  restart();
  clear();
  tell(null);
  render();
  at("pay").focus({ preventScroll: true });
}

function render() {
  const status = current()?.status;
  const waits = isAccepted() || status === "processing" || !isOpen();
  const [label, isReady] = action(status, waits);
  at("pay-label").textContent = label;
  at("pay").disabled = busy || !isReady;
  at("pay").classList.toggle("busy", busy);
  at("new-order").disabled = busy || !kept.orderId;
  at("answer-bank").hidden = status !== "requires_action" || !shop || !inSandbox();
  at("answer-bank").disabled = busy;
  cardForm.lockForm(busy || waits);
  lock(busy || waits);
}

function action(status, waits) {
  const { amount, currency } = agreed ?? displayed();
  if (!shop) return ["Pay", false];
  if (busy) return ["One moment…", false];
  if (status === "canceled") return ["Canceled", false];
  if (waits) return [isOpen() ? "Waiting for the webhook…" : "Paid", false];
  if (!items().length) return ["The cart is empty", false];
  if (!inSandbox() && !element.isShown()) return ["Continue to the card", true];
  return [`Pay ${money(amount, currency)}`, true];
}

/** Shows a message in place of the hint, or the hint again. */
function tell(message) {
  at("hint").hidden = Boolean(message);
  at("message").hidden = !message;
  at("message").dataset.kind = message?.kind ?? "error";
  at("message-text").textContent = message?.text ?? "";
  at("message-code").textContent = message?.code ?? "";
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
