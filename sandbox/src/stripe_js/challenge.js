// 3-D Secure, in a dialog or on the sandbox's page.

const DIALOG_STYLE = `
  dialog { font: 1rem system-ui, sans-serif; border: 1px solid #8888; border-radius: 10px;
    max-width: 26rem; padding: 1.5rem; }
  dialog::backdrop { background: #0008; }
  h2 { margin: 0 0 .5rem; font-size: 1.2rem; }
  div { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: 1rem; }
  button {
    font: inherit; padding: .6rem 1rem; border-radius: 6px; border: 1px solid #8888;
    cursor: pointer;
  }`;

/** Shows the challenge; resolves with `success` or `failure`. Closing the dialog is a failure. */
function ask({ object, amount, currency }) {
  const button = (value, textContent) =>
    dom("button", { type: "submit", value, textContent, attributes: { "data-outcome": value } });
  const title = dom("h2", { id: "title", textContent: "3-D Secure test" });
  const pays = object === "payment_intent";
  const act = pays ? `pay ${amount} ${currency} (minor units)` : "save this card";
  const what = `Confirm with your bank that you ${act}.`;
  const pass = button("success", "Complete authentication");
  const choices = dom("div", {}, pass, button("failure", "Fail authentication"));
  const form = dom("form", { method: "dialog" }, title, dom("p", { textContent: what }), choices);
  const dialog = dom("dialog", { attributes: { "aria-labelledby": "title" } }, form);
  const host = dom("div", {});
  shade(host, DIALOG_STYLE).append(dialog);
  document.body.append(host);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      host.remove();
      resolve(dialog.returnValue === "success" ? "success" : "failure");
    });
  });
}

/** Leaves the page; no code runs afterwards. */
function leave(url) {
  location.assign(url);
  return new Promise(() => {});
}

/** The return URL with Stripe's query parameters. */
function back(returnUrl, { id, client_secret, status }) {
  const url = new URL(returnUrl, location.href);
  url.searchParams.set("payment_intent", id);
  url.searchParams.set("payment_intent_client_secret", client_secret);
  url.searchParams.set(
    "redirect_status",
    status === "requires_payment_method" ? "failed" : "succeeded",
  );
  return url.href;
}

/** Completes an intent's next action. */
async function pass(key, intent, redirects) {
  if (intent.status !== "requires_action") return intent;
  const page = intent.next_action?.redirect_to_url?.url;
  if (redirects && page) return leave(page);
  const { id, client_secret, object } = intent;
  const answer = { client_secret, outcome: await ask(intent) };
  await call("POST", `/_sandbox/${object}s/${id}/authenticate`, answer);
  const after = await call("GET", `/v1/${object}s/${id}`, { key, client_secret });
  const error = after.last_payment_error ?? after.last_setup_error;
  if (!error) return after;
  throw { ...error, [object]: after };
}
