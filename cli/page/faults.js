// What the sandbox does wrong on demand, by its control plane.

const PATIENCE_MS = 10_000;
/** How long webhooks are late under the switch for it. */
export const LATE_MS = 4000;

let base = "";
let mode = "usual";

/** Finds the sandbox, and sets it back: a switch that nobody sees is not left on. */
export async function connect(shop) {
  base = `${shop.stripeApi}/_sandbox`;
  const settings = [post("/webhooks/duplicate", { times: 1 }), post("/webhooks/delay", { ms: 0 }), works()];
  await Promise.all([...settings, post("/webhooks/release"), endOutage()]);
}

/** Lets webhooks come in another way from now on; whatever the earlier way kept back comes now. */
export async function deliver(next) {
  const earlier = mode;
  mode = next;
  if (earlier === "duplicate") await post("/webhooks/duplicate", { times: 1 });
  if (earlier === "reversed") await post("/webhooks/release");
  if (earlier === "delay") await post("/webhooks/delay", { ms: 0 });
  if (earlier === "outage") await endOutage();
  if (next === "duplicate") await post("/webhooks/duplicate", { times: 3 });
  if (next === "reversed") await post("/webhooks/hold");
  if (next === "delay") await post("/webhooks/delay", { ms: LATE_MS });
  if (next === "outage") await post("/webhooks/pause");
}

/** A payment was answered: what was held for it goes on its way, the last first. */
export async function letGo() {
  if (mode !== "reversed") return;
  await post("/webhooks/release", { order: "reversed" });
  await post("/webhooks/hold");
}

// Stripe sends what was missed again, oldest first.
async function endOutage() {
  await post("/webhooks/resume");
  const missed = (await events()).filter(({ accepted }) => accepted === 0);
  for (const { id } of missed) await post(`/events/${id}/resend`);
}

/** Sends the latest event once more, with a signature that is not right. Whether there was one. */
export async function forge() {
  const last = (await events()).at(-1);
  if (last) await post(`/events/${last.id}/forge`);
  return Boolean(last);
}

/** Lets Farebox ask Stripe for the events that no webhook brought. How many there were. */
export async function askForMissed() {
  const response = await fetch("/dev/reconcile", { method: "POST", signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error("Stripe did not list its events.");
  const { applied, quarantined } = await response.json();
  return applied + quarantined;
}

/** Lets the next request that makes a payment go wrong. */
export async function arm(fault) {
  await works();
  await post("/faults", { method: "POST", path_prefix: "/v1/payment_intents", times: 1, ...fault });
}

/** Lets every request work. */
export const works = () => call("/faults", { method: "DELETE" });

async function events() {
  const response = await fetch("/dev/events", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  return (await response.json()).events;
}

const post = (path, fields = {}) => call(path, { method: "POST", body: new URLSearchParams(fields) });

async function call(path, request) {
  const response = await fetch(base + path, { ...request, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`The sandbox refused ${path}: ${response.status}.`);
}
