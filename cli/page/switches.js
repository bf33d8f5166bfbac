// "Make it fail": switches for faults of Stripe and the network, each with a hint.

import { activity } from "./activity.js";
import { checkout } from "./checkout.js";
import { arm, askForMissed, connect, deliver, forge, LATE_MS, letGo, works } from "./faults.js";
import { answered, lookFor, lookNoFurther, proofs } from "./proof.js";
import { kept } from "./session.js";

/** The delivery of webhooks: value, label, hint. */
const WEBHOOKS = [
  ["usual", "normally", ""],
  [
    "duplicate",
    "three times",
    "Pay. Each event arrives three times, and the order becomes paid once.",
  ],
  [
    "reversed",
    "in reverse",
    "Pay. The newest event arrives first; the older ones after it change nothing.",
  ],
  [
    "delay",
    "late",
    `Pay. The order waits ${LATE_MS / 1000} seconds for its webhook: the bank's answer alone ` +
    `does not make it paid.`,
  ],
  [
    "outage",
    "not at all",
    "Pay. No webhook arrives, and the order waits. Then press “Fetch missed events”, or choose " +
    "“normally”: Stripe resends the missed events.",
  ],
];

/** The next request that creates a payment: value, label, fault, hint. */
const REQUESTS = [
  ["usual", "succeeds", null, ""],
  [
    "lost_answer",
    "response lost",
    {},
    "Stripe creates the payment, and the response is lost. Farebox retries with the same key: " +
    "one intent.",
  ],
  ["reset", "reset", {}, "The connection breaks. Farebox retries: one intent."],
  ["hang", "hangs", {}, "No response arrives. After 8 seconds Farebox retries: one intent."],
  [
    "latency",
    "2 s slow",
    { ms: 2000 },
    "The response takes two seconds, and Farebox waits for it: one intent.",
  ],
  ["rate_limit", "429", {}, "Stripe limits the rate. Farebox retries a little later: one intent."],
  ["error", "500", {}, "Stripe fails. Farebox retries with the same key: one intent."],
  [
    "bad_gateway",
    "HTML 502",
    {},
    "A proxy returns a page in place of JSON. Farebox retries: one intent.",
  ],
];

const FORGED =
  "The latest event arrives again with a wrong signature: Farebox rejects it, and the order " +
  "does not change.";
const IDLE =
  "Choose a fault, then pay: a line in Activity explains the result. A reload resets the switches.";

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
    const radio = Object.assign(document.createElement("input"), {
      type: "radio",
      name: id,
      value,
      checked: value === "usual",
    });
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

// A fault applies once; the switch then resets.
function spent(when) {
  if (!armedAt || when < armedAt) return;
  armedAt = 0;
  at("switch-requests").querySelector('[value="usual"]').checked = true;
}

function sendForged() {
  lookFor("forged", "forged");
  say(FORGED);
  attempt(async () => {
    if (!(await forge())) say("There is no event to forge yet. Pay first.");
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
    say(`The sandbox failed. ${error.message}`, "bad");
  }
}

function say(text, tone = "plain") {
  at("look").dataset.tone = tone;
  at("look").textContent = text;
}
