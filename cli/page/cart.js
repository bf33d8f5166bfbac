// The cart: three products with steppers, and a total for display only.

import { keep, kept } from "./session.js";
import { money } from "./words.js";

const MOST_OF_ONE = 20;
const SVG = "http://www.w3.org/2000/svg";

const list = document.getElementById("products");
const total = document.getElementById("total");
let products = [];
let locked = false;

/** Emits `change` when the customer changes the cart. */
export const cart = new EventTarget();

/** Shows the products, with the cart from before a reload. */
export function offer(onSale) {
  products = onSale;
  const known = Object.keys(kept.items ?? {}).every((price) =>
    products.some((product) => product.price === price),
  );
  if (!kept.items || !known) keep({ items: first() });
  list.replaceChildren(...products.map(tile));
  list.setAttribute("aria-busy", "false");
  render();
}

/** The cart's items in the form of the API. */
export const items = () =>
  products
    .map(({ price }) => ({ price, quantity: kept.items?.[price] ?? 0 }))
    .filter(({ quantity }) => quantity > 0);

/** The total for display; the server computes the price. */
export const displayed = () => ({
  amount: products.reduce((sum, { price, amount }) => sum + amount * (kept.items?.[price] ?? 0), 0),
  currency: products[0]?.currency ?? "usd",
});

/** Empties the cart for the next order. */
export function restart() {
  keep({ items: first(), key: null, updates: null, orderId: null });
  render();
}

/** Locks the steppers during and after a payment. */
export function lock(on) {
  locked = on;
  render();
}

const first = () => (products.length ? { [products[0].price]: 1 } : {});

function change(price, by) {
  if (locked) return;
  const quantity = Math.min(MOST_OF_ONE, Math.max(0, (kept.items[price] ?? 0) + by));
  if (quantity === (kept.items[price] ?? 0)) return;
  // Other contents need another Idempotency-Key; the order stays the same.
  keep({ items: { ...kept.items, [price]: quantity }, key: null, updates: null });
  render();
  cart.dispatchEvent(new Event("change"));
}

function render() {
  const { amount, currency } = displayed();
  total.value = products.length ? money(amount, currency) : "–";
  for (const [index, { price }] of products.entries()) {
    const row = list.children[index];
    const quantity = kept.items?.[price] ?? 0;
    row.classList.toggle("chosen", quantity > 0);
    row.querySelector("output").value = String(quantity);
    for (const button of row.querySelectorAll("button")) {
      const end = button.dataset.by === "-1" ? 0 : MOST_OF_ONE;
      button.setAttribute("aria-disabled", String(locked || quantity === end));
    }
  }
}

function tile(product) {
  const { price, name, amount, currency } = product;
  const row = element("li", { className: "product" });
  row.dataset.price = price;
  const words = element("div", { className: "product-words" });
  words.append(
    element("b", { textContent: name }),
    element("span", { textContent: money(amount, currency) }),
  );
  const stepper = element("div", { className: "stepper" });
  stepper.setAttribute("role", "group");
  stepper.setAttribute("aria-label", `Quantity of ${name}`);
  const count = element("output", { value: "0" });
  count.dataset.test = `quantity-${price}`;
  stepper.append(
    step(product, -1, "−", `One ${name} less`),
    count,
    step(product, 1, "+", `One ${name} more`),
  );
  row.append(art(price), words, stepper);
  return row;
}

function step({ price }, by, sign, label) {
  const button = element("button", { type: "button", textContent: sign });
  button.setAttribute("aria-label", label);
  button.dataset.by = String(by);
  button.dataset.test = `${by > 0 ? "more" : "less"}-${price}`;
  button.addEventListener("click", () => change(price, by));
  return button;
}

function art(price) {
  const name = document.getElementById(`art-${price}`) ? price : "other";
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "art");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#art-${name}`);
  drawing.append(use);
  return drawing;
}

const element = (name, properties) => Object.assign(document.createElement(name), properties);
