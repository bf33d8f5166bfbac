// Embedded Checkout: the sandbox's page of a session, in a frame.

/** The origin of the pages. In place of Stripe's script, a test serves them there as well. */
const PAGES = SOURCE === "https://js.stripe.com" ? "https://checkout.stripe.com" : SOURCE;

/** The one embedded Checkout of a page. */
let embedded = null;

class EmbeddedCheckout {
  #session;
  #onComplete;
  #frame = null;
  #isDestroyed = false;
  #listen = (event) => this.#hear(event);

  constructor(session, onComplete) {
    this.#session = session;
    this.#onComplete = onComplete;
    window.addEventListener("message", this.#listen);
  }

  mount(where) {
    if (this.#isDestroyed) throw misuse("This embedded Checkout was destroyed.");
    if (this.#frame) throw misuse("This embedded Checkout is mounted.");
    const parent = typeof where === "string" ? document.querySelector(where) : where;
    if (!parent) throw misuse(`There is nothing at ${where} to mount Checkout in.`);
    this.#frame = dom("iframe", {
      src: `${PAGES}/c/pay/${this.#session.id}`,
      title: "Checkout",
      width: "100%",
      height: "900",
      frameBorder: "0",
    });
    parent.replaceChildren(this.#frame);
  }

  unmount() {
    this.#frame?.remove();
    this.#frame = null;
  }

  destroy() {
    this.unmount();
    window.removeEventListener("message", this.#listen);
    this.#isDestroyed = true;
    if (embedded === this) embedded = null;
  }

  /** The frame says its height, and that its session is complete. */
  #hear({ source, origin, data }) {
    if (!this.#frame || source !== this.#frame.contentWindow || origin !== PAGES) return;
    if (data.height) this.#frame.height = String(data.height);
    if (!data.complete) return;
    if (this.#session.redirect_on_completion === "always") leave(returnUrlOf(this.#session));
    else this.#onComplete?.();
  }
}

/** `stripe.createEmbeddedCheckoutPage(…)`. */
async function embeddedCheckout(key, options) {
  onlyOptions("embedded Checkout", options, ["clientSecret", "fetchClientSecret", "onComplete"]);
  const { clientSecret, fetchClientSecret, onComplete } = options;
  if (embedded) throw misuse("A page has one embedded Checkout: destroy it before another.");
  const secret = clientSecret ?? (await fetchClientSecret?.());
  const { error, session } = await settled("session", () =>
    new SessionClient(key, secret).load("embedded_page"),
  );
  if (error) throw misuse(error.message);
  if (onComplete && session.redirect_on_completion === "always") {
    throw misuse("onComplete needs a session with redirect_on_completion if_required or never.");
  }
  embedded = new EmbeddedCheckout(session, onComplete);
  return embedded;
}
