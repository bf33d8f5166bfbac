// Faults of the sandbox, through its control routes.

const PATIENCE_MS = 10_000;
/** The delay of webhooks under "late". */
export const LATE_MS = 4000;

let base = "";
let mode = "usual";

/** Connects to the sandbox and resets its faults, because the switches start as off. */
export async function connect(shop) {
  base = `${shop.stripeApi}/_sandbox`;
  const settings = [
    post("/webhooks/duplicate", { times: 1 }),
    post("/webhooks/delay", { ms: 0 }),
    works(),
  ];
  await Promise.all([...settings, post("/webhooks/release"), endOutage()]);
}

/** Changes the delivery of webhooks, and releases the events that the earlier setting held back. */
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

/** A payment attempt ended: releases its held events, the last first. */
export async function letGo() {
  if (mode !== "reversed") return;
  await post("/webhooks/release", { order: "reversed" });
  await post("/webhooks/hold");
}

// Stripe resends the missed events, oldest first.
async function endOutage() {
  await post("/webhooks/resume");
  const missed = (await events()).filter(({ accepted }) => accepted === 0);
  for (const { id } of missed) await post(`/events/${id}/resend`);
}

/** Sends the latest event again with a wrong signature. Returns whether there was one. */
export async function forge() {
  const last = (await events()).at(-1);
  if (last) await post(`/events/${last.id}/forge`);
  return Boolean(last);
}

/** Reconciles: Farebox fetches missed events from Stripe. Returns their number. */
export async function askForMissed() {
  const response = await fetch("/dev/reconcile", {
    method: "POST",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error("Stripe did not list its events.");
  const { applied, quarantined } = await response.json();
  return applied + quarantined;
}

/** Makes the next request that creates a payment fail. */
export async function arm(fault) {
  await works();
  await post("/faults", { method: "POST", path_prefix: "/v1/payment_intents", times: 1, ...fault });
}

/** Removes all faults. */
export const works = () => call("/faults", { method: "DELETE" });

async function events() {
  const response = await fetch("/dev/events", {
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return (await response.json()).events;
}

const post = (path, fields = {}) =>
  call(path, { method: "POST", body: new URLSearchParams(fields) });

async function call(path, request) {
  const response = await fetch(base + path, {
    ...request,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(`The sandbox rejected ${path}: ${response.status}.`);
}
