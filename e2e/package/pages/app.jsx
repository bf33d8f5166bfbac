// The pages of a small shop with the package's components, under React's Strict Mode. The path names
// the page, and the query what it shows.

import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import {
  FareboxCheckout,
  FareboxProvider,
  HostedCheckoutButton,
  useOrder,
} from "farebox/react";

const query = new URLSearchParams(location.search);

/** `mug:2,shirt` as items. */
const itemsIn = (text) =>
  text.split(",").filter(Boolean).map((part) => {
    const [price, quantity = "1"] = part.split(":");
    return { price, quantity: Number(quantity) };
  });

function Checkout() {
  const [items, setItems] = useState(() => itemsIn(query.get("items") ?? "mug"));
  const [paid, setPaid] = useState(null);
  const here = query.has("here") ? { onPaid: (order) => setPaid(order.orderId) } : {};
  const token = query.get("token");
  return (
    <main>
      <h1>Checkout</h1>
      <button type="button" onClick={() => setItems(itemsIn("mug:2"))}>
        Two mugs
      </button>
      <FareboxCheckout {...(token ? { order: token } : { items })} returnUrl="/thanks" {...here} />
      {paid && <p id="paid">{paid}</p>}
    </main>
  );
}

function Thanks() {
  const [done, setDone] = useState(0);
  const { state, outcome, order, title, message, trouble, refresh } = useOrder(undefined, {
    onCartDone: () => setDone((done) => done + 1),
  });
  return (
    <main id="outcome" data-state={state} data-outcome={outcome} aria-live="polite">
      <h1>{title}</h1>
      <p>{message}</p>
      {trouble && <p id="trouble">{trouble.text}</p>}
      <p id="status">{order?.status}</p>
      <p id="done">{done}</p>
      <button type="button" onClick={refresh}>
        Look again
      </button>
    </main>
  );
}

const Hosted = () => (
  <main>
    <h1>Checkout</h1>
    <HostedCheckoutButton
      items={itemsIn(query.get("items") ?? "mug")}
      successUrl="/thanks"
      mode={query.get("mode") ?? "payment"}
    >
      Pay on Stripe’s page
    </HostedCheckoutButton>
  </main>
);

const PAGES = {
  "/checkout": Checkout,
  "/thanks": Thanks,
  "/hosted": Hosted,
};

const Page = PAGES[location.pathname] ?? (() => <h1>Nothing here</h1>);

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <FareboxProvider>
      <Page />
    </FareboxProvider>
  </StrictMode>,
);
