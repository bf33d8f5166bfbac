// The payment, from the Pay button to the bank's response. Only the webhook makes the order paid.

import { createIntent, openCheckout, Refused, signOrder, Unreachable } from "./api.js";
import { ask } from "./bank.js";
import * as cardForm from "./card-form.js";
import { cart, displayed, items, lock, restart } from "./cart.js";
import { accept, clear, current, follow, isAccepted, isOpen, nudge, order } from "./order.js";
import * as element from "./payment-element.js";
import { confirm } from "./sandbox.js";
import { keep, kept } from "./session.js";
import { decline, money, refusal } from "./words.js";

/** Emits `answered` when a payment attempt ended, with any result. */
export const checkout = new EventTarget();

const at = (id) => document.getElementById(id);
let shop = null;
let busy = false;
/** The server's price, if it differs from the displayed one. */
let agreed = null;
/** The site's signed order for this key; only with a Stripe account. */
let signed = null;

const inSandbox = () => shop.mode === "sandbox";

/** Starts the checkout; again after the server restarted. */
export function open(found) {
  const isFirst = shop === null;
  shop = found;
  at("code").textContent = shop.promotionCode;
  if (isFirst && inSandbox()) cardForm.showForm(() => tell(null));
  else if (isFirst) cardForm.showNumbers();
  render();
}

at("payment").addEventListener("submit", (event) => {
  event.preventDefault();
  once(pay);
});
at("answer-bank").addEventListener("click", () => once(answerBank));
at("to-checkout").addEventListener("click", () => once(leave));
at("new-order").addEventListener("click", startOver);
cart.addEventListener("change", forgetPrice);
order.addEventListener("change", settled);
order.addEventListener("gone", () => {
  keep({ orderId: null, key: null, updates: null });
  tell({
    text: "The earlier order no longer exists on the server. The cart is still here.",
    kind: "note",
  });
  render();
});

/** Runs `action` unless one is running: a second click does nothing. */
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

/** A disabled button loses the focus; return it to the button or to the order. */
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

/** Checkout, with a code, tax and shipping: an order of its own, and the card form's is another. */
async function leave() {
  const { order } = await signOrder({ items: items(), checkout: true });
  const { orderId, url } = await openCheckout(order, `${location.origin}/`);
  keep({ orderId, key: crypto.randomUUID(), updates: null });
  follow();
  location.assign(url);
}

/** The challenge that the payer left open, or that a reload closed. */
async function answerBank() {
  const intent = await openIntent();
  conclude(await ask(shop, intent));
}

/** The order's payment. Replaces a key or an order that the server rejects, once. */
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

/** The request's body: items that Farebox prices, or an order that the site's server signed. */
async function contents() {
  if (inSandbox()) return { items: items(), ...(kept.updates && { orderId: kept.updates }) };
  if (signed?.key !== kept.key) {
    const wanted = { items: items(), ...(kept.orderId && { orderId: kept.orderId }) };
    signed = { key: kept.key, order: (await signOrder(wanted)).order };
  }
  return { order: signed.order };
}

/** Returns true when another attempt with a new key may succeed. */
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

/** Never charges another price than the button shows. */
function isAgreed({ amount, currency }) {
  if (amount === (agreed ?? displayed()).amount) return true;
  agreed = { amount, currency };
  tell({
    text: `The server's price is ${money(amount, currency)}. Press Pay again to pay that.`,
    kind: "note",
  });
  return false;
}

/** Shows the result of the confirmation: accepted, declined, or a challenge. */
async function conclude(result, intent) {
  if (result?.status === "requires_action" && intent) {
    nudge();
    return conclude(await ask(shop, intent));
  }
  if (result?.error?.payment_intent?.status === "canceled") {
    // The order changed after this form was opened, and has another payment.
    element.hide();
    tell({
      text: "The order changed in the meantime. Press Pay again to pay its new total.",
      kind: "note",
    });
  } else if (result?.error) tell(decline(result.error));
  else if (!result || result.status === "requires_action")
    tell({ text: "The bank still waits for your approval.", kind: "note" });
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
    tell({
      text: "The dev server does not respond. Try again when it is back: nothing is charged twice.",
    });
  } else {
    tell({ text: error.message });
    nudge();
  }
}

/** The order changed, here or in another tab. */
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
  tell(kept.orderId ? { text: "The cart changed: Pay updates this order.", kind: "note" } : null);
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
  at("to-checkout").hidden = !shop || !inSandbox();
  at("to-checkout").disabled = busy || waits || !items().length;
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
  if (status === "authorized") return ["Authorized", false];
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
