// Stripe's card form, for a developer's Stripe account: Stripe.js with the Payment Element.

const SCRIPT = "https://js.stripe.com/endive/stripe.js";

const place = document.getElementById("element");
let stripe = null;
let elements = null;

/** Returns true when the form is ready. */
export const isShown = () => elements !== null;

/** Shows the form for the intent of `clientSecret`. */
export async function show(publishableKey, clientSecret) {
  await load();
  stripe ??= window.Stripe(publishableKey);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  elements = stripe.elements({ clientSecret, appearance: { theme: dark ? "night" : "stripe" } });
  place.hidden = false;
  const form = elements.create("payment");
  const shown = new Promise((ready, failed) => {
    form.on("ready", ready);
    form.on("loaderror", () =>
      failed(new Error("Stripe's card form could not be loaded. Try again.")),
    );
  });
  form.mount(place);
  await shown.catch((error) => {
    hide();
    throw error;
  });
}

/** Removes the form: the cart changed, or the order is paid. */
export function hide() {
  elements?.getElement("payment")?.destroy();
  elements = null;
  place.hidden = true;
}

/** Confirms the payment; returns `{ status }` of the intent, or `{ error }` with Stripe's error. */
export async function confirmShown() {
  const confirmParams = { return_url: location.origin + location.pathname };
  const { error, paymentIntent } = await stripe.confirmPayment({
    elements,
    confirmParams,
    redirect: "if_required",
  });
  return error ? { error } : { status: paymentIntent.status };
}

function load() {
  if (window.Stripe) return undefined;
  return new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src: SCRIPT });
    script.addEventListener("load", done);
    script.addEventListener("error", () => {
      script.remove();
      failed(
        new Error(
          "Stripe.js could not be loaded from js.stripe.com. Check the network, and try again.",
        ),
      );
    });
    document.head.append(script);
  });
}
