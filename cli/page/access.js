// "Who can refund?": a customer, support and finance request the same refund. The decision that the
// page shows is from the function's audit log, not computed here.

import { refund } from "./api.js";
import { current, nudge, order } from "./order.js";
import { keep, kept } from "./session.js";
import { decided, decisions } from "./trail.js";
import { money, UNANSWERED, verdict } from "./words.js";

/** The checks of a request, in order, with their text before there is a response. */
const QUESTIONS = {
  who: "names the caller",
  role: "refund:create",
  reach: "own, or any order",
  limit: "per request, per day",
};
/** The check that a denial's reason belongs to. Any other reason is about the token. */
const STOPS = { not_permitted: "role", not_owner: "reach", not_there: "reach", limit: "limit" };

const at = (id) => document.getElementById(id);
let shop = null;
let callers = [];
let busy = false;
let orderId = null;
/** The latest refund request: `{ person, role, amount, currency, answer }`. */
let last = null;

/** Shows the callers. */
export function offerRefunds(found) {
  shop = found;
  callers = [
    caller("customer", "customer", "Customer", part),
    caller("support", "support", "Support", part),
    ...(shop.refundLimit ? [caller("over", "finance", "Finance, over limit", beyond)] : []),
    caller("below", "finance", "Finance, within it", part),
  ];
  at("callers").replaceChildren(...callers.map(({ tile }) => tile));
  order.addEventListener("change", render);
  decisions.addEventListener("decision", tell);
  render();
}

/** A third of the order in whole units, or the rest: the same amount for every caller. */
function part(shown) {
  const third = Math.floor(shown.amount / 300) * 100 || shown.amount;
  return Math.min(third, rest(shown), shop.refundLimit ?? shown.amount);
}

/**
 * More than finance may refund in one request: Farebox checks that limit before the refundable
 * rest.
 */
const beyond = (shown) => Math.max(rest(shown), shop.refundLimit + 100);

/** The amount that is neither refunded nor pending. */
const rest = ({ amount, refundedAmount, refundPendingAmount }) =>
  amount - refundedAmount - refundPendingAmount;

const isOpen = () =>
  ["paid", "partially_refunded"].includes(current()?.status) && rest(current()) > 0;

async function ask(caller) {
  if (busy || !isOpen()) return;
  busy = true;
  // Each click is a new refund with a new Idempotency-Key. Without a response, also before a
  // reload, the next click repeats the same request: Stripe may have refunded.
  const isFirst = caller.unanswered === null;
  if (isFirst)
    setUnanswered(caller, { orderId, key: crypto.randomUUID(), amount: caller.howMuch(current()) });
  const { key, amount } = caller.unanswered;
  const { currency } = current();
  const asked = orderId;
  render();
  const answer = await refund(caller.role, key, { orderId: asked, amount }).catch(noAnswer);
  busy = false;
  if (asked === orderId) {
    if (isSettled(answer, isFirst)) setUnanswered(caller, null);
    caller.answer = answer;
    last = { person: shop.people[caller.role], role: caller.role, amount, currency, answer };
    tell();
  }
  render();
  // A denial changed nothing.
  if (answer.status !== 403) nudge();
}

/** Errors from before the refund is processed: they say nothing about an earlier request for it. */
const UNASKED = ["unauthenticated", "forbidden", "not_found"];

/** Returns true when the refund's outcome is known. */
function isSettled({ status, code }, isFirst) {
  if (!status || status >= 500 || code === "in_progress") return false;
  return isFirst || !UNASKED.includes(code);
}

function setUnanswered(caller, refund) {
  caller.unanswered = refund;
  keep({ unanswered: { ...kept.unanswered, [caller.name]: refund } });
}

const noAnswer = ({ message }) => ({ status: null, code: "no response", message });

/** Shows the decision. The response may arrive before its audit record. */
function tell() {
  const decision = decided(last?.answer.requestId);
  if (!decision) return last && !last.answer.requestId ? say(UNANSWERED) : undefined;
  const names = Object.keys(QUESTIONS);
  const stop = decision.allowed ? names.length : names.indexOf(STOPS[decision.why] ?? "who");
  const { text, notes } = verdict(last, decision, shop.refundLimit);
  for (const [place, name] of names.entries()) {
    mark(
      name,
      place < stop ? "done" : place === stop ? "bad" : "next",
      place > stop ? "not checked" : notes[name],
    );
  }
  return say(text);
}

function mark(question, state, note) {
  const item = at("questions").querySelector(`[data-step="${question}"]`);
  item.dataset.state = state;
  item.querySelector("span").textContent = note;
}

function render() {
  const shown = current();
  if ((shown?.orderId ?? null) !== orderId) forget(shown?.orderId ?? null);
  at("access-left").textContent =
    shown && (isOpen() || shown.refundedAmount || shown.refundPendingAmount) ? left(shown) : "";
  if (!last)
    say(
      isOpen()
        ? "Press one after another: each request has the caller's own token."
        : "Pay first. Then each caller can request a refund.",
    );
  at("callers").setAttribute("aria-busy", String(busy));
  for (const caller of callers) draw(caller, shown);
}

/** Another order starts without responses. */
function forget(id) {
  [orderId, last] = [id, null];
  for (const caller of callers) {
    const earlier = kept.unanswered[caller.name];
    Object.assign(caller, { unanswered: earlier?.orderId === id ? earlier : null, answer: null });
  }
  for (const [name, note] of Object.entries(QUESTIONS)) mark(name, "next", note);
}

function left(shown) {
  const { amount, refundedAmount, refundPendingAmount, currency } = shown;
  const pending = refundPendingAmount ? `, ${money(refundPendingAmount, currency)} pending` : "";
  return `${money(amount, currency)} paid, ${money(refundedAmount, currency)} ` +
    `refunded${pending}, ${money(rest(shown), currency)} left`;
}

function draw({ tile, howMuch, unanswered, answer }, shown) {
  const amount = () => unanswered?.amount ?? howMuch(shown);
  tile.setAttribute("aria-disabled", String(busy || !isOpen()));
  tile.querySelector(".asks").textContent = isOpen()
    ? `requests ${money(amount(), shown.currency)}`
    : "requests a refund";
  const end = tile.querySelector(".end");
  end.dataset.ok = answer ? String(answer.status === 200) : "none";
  end.textContent = answer
    ? [answer.status, answer.code].filter(Boolean).join(" ")
    : "no request yet";
}

function caller(name, role, label, howMuch) {
  const tile = Object.assign(document.createElement("button"), {
    type: "button",
    className: "caller",
  });
  tile.dataset.test = `refund-${name}`;
  tile.append(
    piece("b", "", label),
    piece("span", "name", shop.people[role]),
    piece("span", "asks", ""),
    piece("span", "end", ""),
  );
  const made = { name, role, howMuch, tile, unanswered: null, answer: null };
  tile.addEventListener("click", () => ask(made));
  return made;
}

// Screen readers do not repeat an unchanged sentence.
function say(text) {
  if (at("verdict").textContent !== text) at("verdict").textContent = text;
}

const piece = (name, className, textContent) =>
  Object.assign(document.createElement(name), { className, textContent });
