// "Who can refund?": the same refund, asked for by a customer, by support and by finance. How it was
// decided is shown from the function's own record, never from what the page expects.

import { refund } from "./api.js";
import { current, nudge, order } from "./order.js";
import { keep, kept } from "./session.js";
import { decided, decisions } from "./trail.js";
import { money, UNANSWERED, verdict } from "./words.js";

/** The questions that a request passes, and what stands under each before there is an answer. */
const QUESTIONS = { who: "a valid token says so", role: "refund:create", reach: "own, or any order", limit: "by call, by day" };
/** The question that said no, by the record's word; a word that is not here is about the token. */
const STOPS = { not_permitted: "role", not_owner: "reach", not_there: "reach", limit: "limit" };

const at = (id) => document.getElementById(id);
let shop = null;
let callers = [];
let busy = false;
let orderId = null;
/** The latest that was asked for: `{ person, role, amount, currency, answer }`. */
let last = null;

/** Shows who may ask. */
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

/** A third of the order in whole units, or what is left: the same for everybody. */
function part(shown) {
  const third = Math.floor(shown.amount / 300) * 100 || shown.amount;
  return Math.min(third, rest(shown), shop.refundLimit ?? shown.amount);
}

/** More than finance may refund in one request: that limit is checked before the amount that is left. */
const beyond = (shown) => Math.max(rest(shown), shop.refundLimit + 100);

/** What is neither refunded nor about to be. */
const rest = ({ amount, refundedAmount, refundPendingAmount }) => amount - refundedAmount - refundPendingAmount;

const isOpen = () => ["paid", "partially_refunded"].includes(current()?.status) && rest(current()) > 0;

async function ask(caller) {
  if (busy || !isOpen()) return;
  busy = true;
  // A click is a refund of its own, with its own key. Where no answer came, also before a reload, the
  // next click asks again for the same one: it may have been made.
  const isFirst = caller.unanswered === null;
  if (isFirst) setUnanswered(caller, { orderId, key: crypto.randomUUID(), amount: caller.howMuch(current()) });
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

/** These are said before a refund is looked at: of an earlier request for it they say nothing. */
const UNASKED = ["unauthenticated", "forbidden", "not_found"];

/** Whether it is known what became of the refund. */
function isSettled({ status, code }, isFirst) {
  if (!status || status >= 500 || code === "in_progress") return false;
  return isFirst || !UNASKED.includes(code);
}

function setUnanswered(caller, refund) {
  caller.unanswered = refund;
  keep({ unanswered: { ...kept.unanswered, [caller.name]: refund } });
}

const noAnswer = ({ message }) => ({ status: null, code: "no answer", message });

/** Says how it was decided, once the record of it is there: the answer may come first. */
function tell() {
  const decision = decided(last?.answer.requestId);
  if (!decision) return last && !last.answer.requestId ? say(UNANSWERED) : undefined;
  const names = Object.keys(QUESTIONS);
  const stop = decision.allowed ? names.length : names.indexOf(STOPS[decision.why] ?? "who");
  const { text, notes } = verdict(last, decision, shop.refundLimit);
  for (const [place, name] of names.entries()) {
    mark(name, place < stop ? "done" : place === stop ? "bad" : "next", place > stop ? "not asked" : notes[name]);
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
  at("access-left").textContent = shown && (isOpen() || shown.refundedAmount || shown.refundPendingAmount) ? left(shown) : "";
  if (!last) say(isOpen() ? "Press one after another: each asks with a token of their own." : "Pay first. Then each of them can ask for a refund.");
  at("callers").setAttribute("aria-busy", String(busy));
  for (const caller of callers) draw(caller, shown);
}

/** Another order is another story. */
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
  return `${money(amount, currency)} paid, ${money(refundedAmount, currency)} refunded${pending}, ${money(rest(shown), currency)} left`;
}

function draw({ tile, howMuch, unanswered, answer }, shown) {
  const amount = () => unanswered?.amount ?? howMuch(shown);
  tile.setAttribute("aria-disabled", String(busy || !isOpen()));
  tile.querySelector(".asks").textContent = isOpen() ? `asks for ${money(amount(), shown.currency)}` : "asks for a refund";
  const end = tile.querySelector(".end");
  end.dataset.ok = answer ? String(answer.status === 200) : "none";
  end.textContent = answer ? [answer.status, answer.code].filter(Boolean).join(" ") : "not asked yet";
}

function caller(name, role, label, howMuch) {
  const tile = Object.assign(document.createElement("button"), { type: "button", className: "caller" });
  tile.dataset.test = `refund-${name}`;
  tile.append(piece("b", "", label), piece("span", "name", shop.people[role]), piece("span", "asks", ""), piece("span", "end", ""));
  const made = { name, role, howMuch, tile, unanswered: null, answer: null };
  tile.addEventListener("click", () => ask(made));
  return made;
}

// An unchanged sentence is not announced again.
function say(text) {
  if (at("verdict").textContent !== text) at("verdict").textContent = text;
}

const piece = (name, className, textContent) => Object.assign(document.createElement(name), { className, textContent });
