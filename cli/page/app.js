// Starts the demo shop: connects to the server, then starts each part.
//
// Read in this order: cart.js, checkout.js, sandbox.js (or payment-element.js), order.js;
// activity.js with rows.js; switches.js with faults.js and proof.js; access.js with trail.js;
// subscription.js with plans.js.
// api.js holds every request to the server, session.js the state that survives a reload, words.js
// the texts.

import { offerRefunds } from "./access.js";
import { activity, listen } from "./activity.js";
import { server, shop } from "./api.js";
import { offer } from "./cart.js";
import { open } from "./checkout.js";
import { follow, nudge, render } from "./order.js";
import { kept } from "./session.js";
import { offerSubscription } from "./subscription.js";
import { offerSwitches } from "./switches.js";

const RETRY_MS = 2000;

const at = (id) => document.getElementById(id);
let mode = null;
let searching = false;

/** Requests the shop until it responds; the banner shows meanwhile. */
async function find() {
  if (searching) return;
  searching = true;
  for (;;) {
    const found = await shop().catch(() => null);
    if (found) {
      searching = false;
      at("banner").hidden = true;
      return show(found);
    }
    at("banner-text").textContent =
      "The dev server does not respond. Is “cargo dev” running? Reconnecting…";
    at("banner").hidden = false;
    await new Promise((done) => setTimeout(done, RETRY_MS));
  }
}

function show(found) {
  // Another mode needs a clean page.
  if (mode && mode !== found.mode) return location.reload();
  const isFirst = mode === null;
  mode = found.mode;
  at("mode").textContent =
    mode === "sandbox" ? "Sandbox · no account needed" : "Your Stripe account · test mode";
  at("mode").dataset.mode = mode;
  at("customer").textContent = `signed in as ${found.customer}`;
  if (isFirst) offer(found.products);
  if (isFirst) offerRefunds(found);
  if (isFirst && mode === "sandbox") offerSwitches(found);
  if (isFirst && mode === "sandbox") offerSubscription(found);
  open(found);
  if (isFirst && kept.orderId) follow();
  else nudge();
  return undefined;
}

server.addEventListener("lost", find);
activity.addEventListener("closed", find);
activity.addEventListener("entry", ({ detail: { source, orderId } }) => {
  if (source === "notify") render();
  // The page's own requests do not count: reading the order is one of them.
  const isNews = source === "webhook" || source === "notify";
  if (isNews && kept.orderId && (orderId === null || orderId === kept.orderId)) nudge();
});

// Stripe redirects back with the client secret in the URL; remove it.
if (location.search) history.replaceState(null, "", location.pathname);

render();
listen();
find();
