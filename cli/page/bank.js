// The bank's 3-D Secure challenge, as a dialog of this page: the sandbox has no window of its own.

import { authenticate } from "./sandbox.js";
import { money } from "./words.js";

const dialog = document.getElementById("bank");
const problem = document.getElementById("bank-error");
const buttons = ["bank-approve", "bank-decline", "bank-later"].map((id) =>
  document.getElementById(id),
);

/**
 * Shows the challenge, and sends the payer's choice to the sandbox. Returns the sandbox's response,
 * or null when the payer left the challenge open.
 */
export function ask(shop, { clientSecret, amount, currency }) {
  document.getElementById("bank-text").textContent =
    `Demo shop requests ${money(amount, currency)}.`;
  problem.hidden = true;
  busy(false);
  dialog.showModal();
  return new Promise((done) => {
    const finish = (answer) => {
      dialog.onclose = null;
      if (dialog.open) dialog.close();
      done(answer);
    };
    // The close event of an earlier challenge may arrive while this one is open.
    dialog.onclose = () => {
      if (!dialog.open) finish(null);
    };
    buttons[0].onclick = () => answer("success");
    buttons[1].onclick = () => answer("failure");
    buttons[2].onclick = () => finish(null);

    async function answer(outcome) {
      busy(true);
      try {
        finish(await authenticate(shop, clientSecret, outcome));
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
        busy(false);
      }
    }
  });
}

// While the request is open, the dialog stays: closing it would hide the result.
dialog.addEventListener("cancel", (event) => {
  if (buttons[0].disabled) event.preventDefault();
});

function busy(on) {
  for (const button of buttons) button.disabled = on;
}
