// "Make it go wrong": switches for what Stripe and the network may do, each with what to look for.

import { activity } from "./activity.js";
import { checkout } from "./checkout.js";
import { arm, askForMissed, connect, deliver, forge, LATE_MS, letGo, works } from "./faults.js";
import { answered, lookFor, lookNoFurther, proofs } from "./proof.js";
import { kept } from "./session.js";

/** How webhooks come: value, label, what to look for. */
const WEBHOOKS = [
  ["usual", "as usual", ""],
  ["duplicate", "three times", "Pay. Each event arrives three times, and the order becomes paid once."],
  ["reversed", "in reverse", "Pay. The newest event arrives first; the older ones after it change nothing."],
  ["delay", "late", `Pay. The order waits ${LATE_MS / 1000} seconds for its webhook: the bank's answer alone does not make it paid.`],
  ["outage", "not at all", "Pay. No webhook arrives, and the order waits. Then press “Ask for missed events”, or choose “as usual”: what was missed comes."],
];

/** How the next request that makes a payment ends: value, label, fault, what to look for. */
const REQUESTS = [
  ["usual", "works", null, ""],
  ["lost_answer", "answer lost", {}, "Stripe makes the payment, and its answer is lost. Farebox repeats the request under the same key: one intent."],
  ["reset", "reset", {}, "The connection breaks. Farebox repeats the request: one intent."],
  ["hang", "hangs", {}, "No answer comes. After 8 seconds Farebox repeats the request: one intent."],
  ["latency", "2 s slow", { ms: 2000 }, "The answer takes two seconds, and Farebox waits for it: one intent."],
  ["rate_limit", "429", {}, "Stripe is busy. Farebox repeats the request a little later: one intent."],
  ["error", "500", {}, "Stripe fails. Farebox repeats the request under the same key: one intent."],
  ["bad_gateway", "HTML 502", {}, "A proxy answers with a page in place of JSON. Farebox repeats the request: one intent."],
];

const FORGED = "The latest event comes again with a wrong signature: it is refused, and the order does not change.";
const IDLE = "Choose what goes wrong, then pay: a line among the events says what came of it. A reload resets the switches.";

const at = (id) => document.getElementById(id);

/** Shows the switches, all off. */
export async function offerSwitches(shop) {
  offer("switch-webhooks", WEBHOOKS, chooseWebhooks);
  offer("switch-requests", REQUESTS, chooseRequest);
  at("forge").addEventListener("click", sendForged);
  at("reconcile").addEventListener("click", reconcile);
  checkout.addEventListener("answered", () => {
    answered();
    attempt(letGo);
  });
  activity.addEventListener("entry", ({ detail }) => {
    if (detail.source === "stripe" && detail.title === "POST /v1/payment_intents") spent(detail.at);
  });
  proofs.addEventListener("found", ({ detail }) => say(detail.text, detail.ok ? "good" : "bad"));
  say(IDLE);
  await attempt(() => connect(shop));
  at("wrong").hidden = false;
}

function offer(id, choices, chosen) {
  const options = choices.map(([value, label]) => {
    const option = Object.assign(document.createElement("label"), { className: "choice" });
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: id, value, checked: value === "usual" });
    radio.dataset.test = `${id}-${value}`;
    radio.addEventListener("change", () => chosen(value));
    option.append(radio, label);
    return option;
  });
  at(id).append(...options);
}

function chooseWebhooks(value) {
  const isOutageOver = value === "usual" && awaitsOutage;
  awaitsOutage = value === "outage";
  if (isOutageOver) lookNoFurther("webhooks");
  else lookFor("webhooks", value === "usual" ? null : value);
  say(WEBHOOKS.find(([name]) => name === value)[2] || IDLE);
  attempt(() => deliver(value));
}

let awaitsOutage = false;
let armedAt = 0;

function chooseRequest(value) {
  const [, , fault, look] = REQUESTS.find(([name]) => name === value);
  armedAt = fault ? Date.now() : 0;
  lookFor("requests", fault && "request");
  const first = kept.orderId ? "Press New order, then pay." : "Pay.";
  say(fault ? `${first} ${look}` : IDLE);
  attempt(() => (fault ? arm({ kind: value, ...fault }) : works()));
}

// A fault strikes once; the switch goes back when it has.
function spent(when) {
  if (!armedAt || when < armedAt) return;
  armedAt = 0;
  at("switch-requests").querySelector('[value="usual"]').checked = true;
}

function sendForged() {
  lookFor("forged", "forged");
  say(FORGED);
  attempt(async () => {
    if (!(await forge())) say("There is no event yet to forge. Pay first.");
  });
}

function reconcile() {
  lookFor("webhooks", "missed");
  attempt(async () => {
    const found = await askForMissed();
    if (!found) say("Nothing was missed: the database has every event that Stripe lists.");
  });
}

async function attempt(action) {
  try {
    await action();
  } catch (error) {
    say(`The sandbox does not do as told. ${error.message}`, "bad");
  }
}

function say(text, tone = "plain") {
  at("look").dataset.tone = tone;
  at("look").textContent = text;
}
