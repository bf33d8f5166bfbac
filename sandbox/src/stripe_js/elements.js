// The card form in the page: `stripe.elements().create("payment").mount("#here")`.

const STYLE = `
  fieldset { border: 0; margin: 0; padding: 0; font: var(--font, 1rem system-ui, sans-serif);
    color: var(--text, inherit); display: grid; gap: .75rem; grid-template-columns: 1fr 1fr; }
  legend, .note { font-size: .85em; opacity: .75; padding: 0; }
  .wide { grid-column: 1 / -1; }
  label { display: grid; gap: .25rem; font-size: .9em; }
  input { font: inherit; padding: .6rem .7rem; border: 1px solid #8888; min-width: 0; width: 100%;
    box-sizing: border-box; border-radius: var(--radius, 6px); color: inherit;
    background: var(--background, transparent); }
  input:focus { outline: 2px solid var(--primary, #0570de); outline-offset: 1px; }
  input[aria-invalid=true] { border-color: var(--danger, #df1b41); }
  p { margin: 0; } [role=alert] { color: var(--danger, #df1b41); font-size: .9em; }
  [role=alert]:empty, fieldset[hidden] { display: none; }
  fieldset + fieldset { margin-top: .75rem; }
  .choice { display: flex; align-items: center; gap: .5rem; }
  .choice label { display: flex; align-items: center; gap: .5rem; flex: 1; }
  input:is([type=radio], [type=checkbox]) { width: 1.25rem; height: 1.25rem; flex: none;
    margin: 0; }
  label.choice { display: flex; }
  button { font: inherit; font-size: .85em; padding: .4rem .7rem; border: 1px solid #8888;
    border-radius: var(--radius, 6px); background: none; color: inherit; cursor: pointer; }`;

const FIELDS = [
  {
    name: "number",
    label: "Card number",
    hint: "1234 1234 1234 1234",
    fill: "cc-number",
    shape: spacedNumber,
  },
  { name: "expiry", label: "Expiry date", hint: "MM / YY", fill: "cc-exp", shape: spacedExpiry },
  {
    name: "cvc",
    label: "Security code",
    hint: "CVC",
    fill: "cc-csc",
    shape: (text) => digits(text).slice(0, 4),
  },
];

/** The form's CSS variables for `appearance.variables`. */
const VARIABLES = {
  colorPrimary: "--primary",
  colorBackground: "--background",
  colorText: "--text",
  colorDanger: "--danger",
  borderRadius: "--radius",
};

/** A DOM element with properties, attributes and children. */
function dom(tag, properties = {}, ...children) {
  const { attributes = {}, ...own } = properties;
  const node = Object.assign(document.createElement(tag), own);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Adds a shadow root with a stylesheet that any content security policy allows. */
function shade(host, css) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  return root;
}

class CardElement {
  #type;
  #group;
  #listeners = new Map();
  #values = { number: "", expiry: "", cvc: "" };
  #inputs = {};
  #alert = null;
  #host = null;
  /** The fields of a new card. */
  #fields = null;

  constructor(type, group) {
    this.#type = type;
    this.#group = group;
  }

  mount(where) {
    const parent = typeof where === "string" ? document.querySelector(where) : where;
    if (!parent) throw misuse(`There is nothing at ${where} to mount an element in.`);
    if (this.#host?.parentNode === parent) return;
    this.unmount();
    this.#host = dom("div", { className: "StripeElement" });
    this.#fields = this.#form();
    shade(this.#host, STYLE).append(this.#fields);
    this.appear(this.#group.options.appearance);
    parent.replaceChildren(this.#host);
    this.#start();
  }

  unmount() {
    this.#host?.remove();
    this.#host = null;
  }

  destroy() {
    this.unmount();
    this.#group.forget(this.#type);
    this.#listeners.clear();
  }

  on(name, handler) {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), handler]);
    return this;
  }

  once(name, handler) {
    const first = (event) => {
      this.off(name, first);
      handler(event);
    };
    return this.on(name, first);
  }

  off(name, handler) {
    const left = (this.#listeners.get(name) ?? []).filter((other) => handler && other !== handler);
    this.#listeners.set(name, left);
    return this;
  }

  update(options = {}) {
    for (const input of Object.values(this.#inputs)) {
      input.disabled = Boolean(options.disabled ?? options.readOnly ?? input.disabled);
    }
    return this;
  }

  focus() {
    this.#inputs.number?.focus();
  }

  blur() {
    this.#host?.shadowRoot.activeElement?.blur();
  }

  clear() {
    for (const [name, input] of Object.entries(this.#inputs)) this.#values[name] = input.value = "";
    this.#changed();
  }

  collapse() {}

  /** Applies the page's appearance. */
  appear(appearance = {}) {
    const { variables = {}, theme } = appearance;
    const style = this.#host?.style;
    if (theme === "night") style?.setProperty("color-scheme", "dark");
    for (const [name, own] of Object.entries(VARIABLES)) {
      if (variables[name]) style?.setProperty(own, variables[name]);
    }
    const { fontSizeBase = "1rem", fontFamily } = variables;
    if (fontFamily) style?.setProperty("--font", `${fontSizeBase} ${fontFamily}`);
  }

  /** The card in the API's form; throws the first error, which the form then shows. */
  card() {
    if (!this.#host) throw misuse("Mount the element before its card is used.");
    const problem = firstProblem(this.#values);
    this.#show(problem);
    if (!problem) return cardParams(this.#values);
    this.#inputs[problem.field].focus();
    throw problem.error;
  }

  /** Shows the saved cards, if there are any. */
  async #start() {
    const { saved } = this;
    const { error } = await settled("loaded", async () => saved?.load());
    if (!this.#host) return;
    if (error) {
      this.#tell("loaderror", { error });
      return;
    }
    if (saved) {
      const change = () => this.#choose();
      const removed = (event) => this.#tell("savedpaymentmethodremove", event);
      this.#fields.before(saved.list(change, removed));
      this.#fields.append(...saved.box(change));
      this.#fields.hidden = Boolean(saved.chosen);
    }
    this.#tell("ready", {});
  }

  /** The saved cards of a Payment Element, with a customer session. */
  get saved() {
    return this.#type === "payment" ? this.#group.saved : null;
  }

  /** Shows the fields of a new card, unless a saved one is chosen. */
  #choose() {
    this.#fields.hidden = Boolean(this.saved.chosen);
    this.#changed();
  }

  #form() {
    const known = TEST_CARDS.map(([value, label]) =>
      dom("option", { value: spacedNumber(value), label }),
    );
    this.#alert = dom("p", { id: "problem", className: "wide", attributes: { role: "alert" } });
    return dom(
      "fieldset",
      {},
      dom("legend", { textContent: "Card" }),
      ...FIELDS.map((field) => this.#field(field)),
      this.#alert,
      dom("p", {
        className: "wide note",
        textContent: "Sandbox: test cards only, no money moves.",
      }),
      dom("datalist", { id: "cards" }, ...known),
    );
  }

  #field({ name, label, hint, fill, shape }) {
    const attributes = {
      "aria-describedby": "problem",
      ...(name === "number" && { list: "cards" }),
    };
    const common = { autocomplete: fill, inputMode: "numeric", placeholder: hint, required: true };
    const input = dom("input", { name, value: this.#values[name], ...common, attributes });
    input.addEventListener("input", (event) => {
      const erases = event.inputType?.startsWith("delete");
      if (!erases) input.value = shape(input.value);
      this.#values[name] = input.value;
      this.#changed();
    });
    for (const kind of ["focus", "blur"]) input.addEventListener(kind, () => this.#tell(kind, {}));
    input.addEventListener("keydown", ({ key }) => key === "Escape" && this.#tell("escape", {}));
    this.#inputs[name] = input;
    return dom("label", { className: name === "number" ? "wide" : "" }, label, input);
  }

  #changed() {
    this.#group.submitted = false;
    this.#show(null);
    const chosen = this.saved?.chosen;
    if (chosen) {
      const value = { type: "card", payment_method: chosen };
      this.#tell("change", { complete: true, empty: false, value, collapsed: false });
      return;
    }
    const empty = Object.values(this.#values).every((value) => value === "");
    const problem = firstProblem(this.#values);
    // An incomplete form has no error yet.
    const error = problem?.error.code.startsWith("incomplete") ? undefined : problem?.error;
    const kept = this.saved && { savePaymentMethod: this.saved.saves };
    const value = this.#type === "payment" ? { type: "card", ...kept } : undefined;
    this.#tell("change", { complete: !problem, empty, value, error, collapsed: false });
  }

  #show(problem) {
    if (this.#alert) this.#alert.textContent = problem?.error.message ?? "";
    for (const [name, input] of Object.entries(this.#inputs)) {
      input.setAttribute("aria-invalid", String(problem?.field === name));
    }
  }

  #tell(name, event) {
    const told = { elementType: this.#type, ...event };
    for (const handler of this.#listeners.get(name) ?? []) handler(told);
  }
}
