// "Subscription": a plan, its state in Farebox's copy, and a clock that lets months pass. Only with
// the sandbox. While an answer is outstanding, the panel says so in place of the state.

import { activity } from "./activity.js";
import {
  changeSubscription,
  clock,
  openPortal,
  orderNow,
  pass,
  subscribe,
  subscriptions,
} from "./api.js";
import {
  badge,
  chosen,
  chosenPlan,
  day,
  ends,
  facts,
  isOver,
  offerPlans,
  sentence,
} from "./plans.js";
import { keep, kept } from "./session.js";
import { refusal } from "./words.js";

/** Farebox asks Stripe at most every two seconds for a caller. */
const REFRESH_MS = 2100;
/** So often the panel asks for the subscription of a paid order. */
const MOST_READS = 10;
/** Several notifications of one change cause one read. */
const SETTLE_MS = 150;
/** What a webhook or a notification that is about the panel begins with. */
const ABOUT = /^(customer\.subscription|subscription|invoice|entitlements)\./;
/** The statuses of an order whose payer came back without a subscription. */
const UNPAID = ["created", "requires_action", "failed", "canceled", "expired"];

const UNKNOWN = "…";

const at = (id) => document.getElementById(id);
const home = `${location.origin}/`;
/** The latest answer about the caller's subscriptions; null before the first. */
let answer = null;
/** The time at the subscription's clock; null in real time. */
let time = null;
/** What the panel waits for; null while it waits for nothing. */
let waiting = "Reading the subscription…";
let problem = null;
let refreshedAt = 0;
let timer = 0;

/** By button: what it does, what the panel says meanwhile, and when it can. */
const ACTIONS = {
  subscribe: [leave, "Opening Checkout…", (held) => !held || isOver(held)],
  month: [later("month"), "A month passes…", (held) => held && !isOver(held)],
  decline: [later("decline"), "The card is declined at the next payment…", renews],
  "trial-end": [later("trial_end"), "The trial ends…", (held) => held?.status === "trialing"],
  cancel: [change({ cancel: "period_end" }), "Canceling…", renews],
  resume: [change({ resume: true }), "Resuming…", (held) => held && !isOver(held) && ends(held)],
  card: [toPortal, "Opening the portal…", (held) => held && !isOver(held)],
};

function renews(held) {
  return ["trialing", "active"].includes(held?.status) && !ends(held);
}

/** Shows the panel, with the plans of `shop`. */
export function offerSubscription({ plans, trialDays }) {
  offerPlans(at("plans"), plans);
  at("plan-hint").textContent = trialDays ? `The first ${trialDays} days are free.` : "";
  for (const [name, [action, words, isPossible]] of Object.entries(ACTIONS)) {
    at(`plan-${name}`).addEventListener("click", () => {
      if (waiting === null && isPossible(current())) during(words, action);
    });
  }
  activity.addEventListener("entry", ({ detail: { source, title } }) => {
    if (["notify", "webhook"].includes(source) && ABOUT.test(title)) soon();
  });
  at("plan").hidden = false;
  during(waiting, refresh);
}

/** What was read before a failure may be untrue by now. */
function forget() {
  answer = null;
}

const current = () => (answer ? chosen(answer) : null);

/** Runs `action`; meanwhile the panel says `words`. Then the panel shows what Stripe says. */
async function during(words, action) {
  problem = null;
  waiting = words;
  render();
  try {
    await action();
  } catch (error) {
    forget();
    problem = error.code ? refusal(error).text : error.message;
    if (action !== refresh) await refresh().catch(forget);
  }
  waiting = null;
  render();
}

/** Another page follows: until then the panel waits. */
const away = (url) => {
  location.assign(url);
  return new Promise(() => {});
};

async function leave() {
  const price = chosenPlan(at("plans"));
  const { orderId, url } = await subscribe(crypto.randomUUID(), price, home);
  keep({ subscribing: orderId });
  return away(url);
}

async function toPortal() {
  return away((await openPortal(home)).url);
}

function later(step) {
  return async () => {
    ({ time } = await pass(current().id, step));
    await refresh();
  };
}

function change(changes) {
  return async () => {
    await changeSubscription(crypto.randomUUID(), { id: current().id, ...changes });
    await refresh();
  };
}

/** Reads what Stripe says now, also when a webhook is missing. */
async function refresh() {
  for (let reads = 1; ; reads += 1) {
    await new Promise((done) => setTimeout(done, refreshedAt + REFRESH_MS - Date.now()));
    answer = await subscriptions(true);
    refreshedAt = Date.now();
    if (!(await isUnderWay())) break;
    if (reads === MOST_READS) throw new Error("Checkout is done, and its subscription is late.");
  }
  const held = current();
  time = held ? (await clock(held.id)).time : null;
}

/** Returns true when the payer of Checkout paid, and the subscription is not here yet. */
async function isUnderWay() {
  if (!kept.subscribing) return false;
  const { status, subscription } = await orderNow(kept.subscribing);
  const isHere = answer.subscriptions.some(({ id }) => id === subscription);
  if (!isHere && !UNPAID.includes(status)) return true;
  keep({ subscribing: null });
  return false;
}

/** Reads the copy once more, after a notification. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (waiting !== null) return;
    const read = await subscriptions(false).catch(() => null);
    // An action that began in the meantime shows its own answer.
    if (!read || waiting !== null) return;
    answer = read;
    problem = null;
    render();
  }, SETTLE_MS);
}

function render() {
  const held = current();
  const isKnown = waiting === null && answer !== null;
  const [label, tone] = isKnown ? badge(held) : [waiting ? "One moment…" : "Unknown", "none"];
  at("plan").setAttribute("aria-busy", String(waiting !== null));
  at("plan-badge").textContent = label;
  at("plan-badge").dataset.tone = tone;
  at("plan-badge").dataset.status = isKnown ? (held?.status ?? "none") : "unknown";
  const state = isKnown ? sentence(held, answer.active) : "The state is unknown: reload the page.";
  say(waiting ?? [problem, state].filter(Boolean).join(" "));
  const shown = isKnown ? facts(held, answer.entitlements) : {};
  for (const name of ["item", "next", "invoice", "entitlements"])
    at(`plan-${name}`).textContent = shown[name] ?? UNKNOWN;
  at("gate").dataset.open = isKnown ? String(answer.active) : "unknown";
  at("gate-text").textContent = isKnown ? (answer.active ? "Open" : "Closed") : UNKNOWN;
  at("plan-time").textContent = clockText(isKnown, held);
  // While the panel waits, what it offers stays in its place.
  if (isKnown) at("plan-offer").hidden = held !== null && !isOver(held);
  at("plans").disabled = !isKnown;
  showInvoice(isKnown ? held?.latestInvoice : null);
  for (const [name, [, , isPossible]] of Object.entries(ACTIONS))
    at(`plan-${name}`).setAttribute("aria-disabled", String(!isKnown || !isPossible(held)));
}

function clockText(isKnown, held) {
  if (!isKnown) return UNKNOWN;
  if (!held) return "Subscribe first.";
  return time === null ? "It follows the real time." : `It is ${day(time)} at its test clock.`;
}

/** The page of an open invoice: its payer may use another card there. */
function showInvoice(invoice) {
  const isOpen = invoice?.status === "open" && invoice.hostedUrl;
  at("plan-invoice-page").hidden = !isOpen;
  if (isOpen) at("plan-invoice-page").href = invoice.hostedUrl;
}

// Screen readers do not repeat an unchanged sentence.
function say(text) {
  if (at("plan-text").textContent !== text) at("plan-text").textContent = text;
}
