// The pages of a small shop with the package's components. The path names the page, and the query
// what it shows.

import { useEffect, useState } from "react";
import {
  EmbeddedCheckout,
  FareboxCheckout,
  FareboxProvider,
  HostedCheckoutButton,
  PortalButton,
  PricingTable,
  RefundForm,
  money,
  useChange,
  useFarebox,
  useOrder,
  useOrders,
  useSubscriptions,
} from "farebox/react";

/** `mug:2,shirt` as items. */
const itemsIn = (text) =>
  text.split(",").filter(Boolean).map((part) => {
    const [price, quantity = "1"] = part.split(":");
    return { price, quantity: Number(quantity) };
  });

function Checkout({ query }) {
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

const Embedded = ({ query }) => (
  <main>
    <h1>Checkout</h1>
    <EmbeddedCheckout items={itemsIn(query.get("items") ?? "mug")} returnUrl="/thanks" />
  </main>
);

const Hosted = ({ query }) => (
  <main>
    <h1>Checkout</h1>
    <HostedCheckoutButton items={itemsIn(query.get("items") ?? "mug")} successUrl="/thanks">
      Pay on Stripe’s page
    </HostedCheckoutButton>
  </main>
);

function Thanks() {
  const [done, setDone] = useState(0);
  const { state, outcome, order, title, message, trouble, refresh } = useOrder(undefined, {
    onCartDone: () => setDone((done) => done + 1),
  });
  return (
    <main>
      <h1>{title}</h1>
      <div id="outcome" data-state={state} data-outcome={outcome} aria-live="polite">
        <p>{message}</p>
        {trouble && <p id="trouble">{trouble.text}</p>}
      </div>
      <p id="status">{order?.status}</p>
      <p id="done">{done}</p>
      <button type="button" onClick={refresh}>
        Look again
      </button>
    </main>
  );
}

const PLANS = [
  {
    price: "pro_monthly",
    name: "Pro",
    amount: 1900,
    currency: "usd",
    interval: "month",
    features: ["The log", "The archive"],
    trialDays: 14,
  },
  { price: "pro_yearly", name: "Pro", amount: 19000, currency: "usd", interval: "year" },
  {
    price: "team_monthly",
    name: "Team",
    amount: 4900,
    currency: "usd",
    interval: "month",
    mostSeats: 100,
  },
];

const Plans = ({ query }) => (
  <main>
    <h1>Plans</h1>
    <PricingTable plans={PLANS} returnUrl="/thanks" ui={query.get("ui") ?? "hosted"} />
  </main>
);

function Account() {
  const { subscriptions, trouble, again } = useSubscriptions({ refresh: true });
  return (
    <main>
      <h1>Account</h1>
      {trouble && <p role="alert">{trouble.text}</p>}
      {subscriptions?.subscriptions?.map((of) => (
        <Subscription key={of.id} of={of} again={again} />
      ))}
      <PortalButton returnUrl="/account" />
    </main>
  );
}

function Subscription({ of, again }) {
  const [said, setSaid] = useState("");
  const done = async () => {
    setSaid("Changed.");
    await again();
  };
  const { quoted, trouble, quote, make, apply } = useChange(of.id, { done, lost: again });
  return (
    <section data-status={of.status} data-ends={of.cancelAtPeriodEnd || Boolean(of.cancelAt)}>
      <p>{of.items.map(({ lookupKey, quantity }) => `${lookupKey} ${quantity}`).join()}</p>
      <p role="status">{said}</p>
      {trouble && <p role="alert">{trouble.text}</p>}
      <button onClick={() => quote({ change: { price: "pro_yearly" } })}>Yearly…</button>
      {quoted && (
        <button onClick={make}>
          Pay {money(quoted.preview.dueNow.amount, quoted.preview.currency, "en")} now
        </button>
      )}
      <button onClick={() => apply({ cancel: "period_end" })}>End it</button>
    </section>
  );
}

function Orders() {
  const { orders, more, isBusy, trouble, again } = useOrders({ limit: "2" });
  const { exportOrders } = useFarebox();
  const [csv, setCsv] = useState("");
  return (
    <main>
      <h1>Orders</h1>
      <ul aria-busy={isBusy}>
        {orders.map(({ orderId, status }) => (
          <li key={orderId} data-status={status}>
            {orderId}
          </li>
        ))}
      </ul>
      {trouble && <p role="alert">{trouble.text}</p>}
      {more && <button onClick={more}>Older orders</button>}
      <button onClick={again}>Again</button>
      <button onClick={() => exportOrders().then(setCsv)}>Export</button>
      <pre>{csv}</pre>
    </main>
  );
}

function Staff({ query }) {
  const farebox = useFarebox();
  const [order, setOrder] = useState(null);
  const id = query.get("order");
  const read = () => farebox.order(id).then(setOrder);
  useEffect(() => void read(), []);
  return (
    <main>
      <h1>Refund</h1>
      {order && (
        <>
          <p id="refunded">{order.refundedAmount}</p>
          <RefundForm order={order} account="fin" onDone={read} />
        </>
      )}
    </main>
  );
}

const PAGES = {
  "/account": Account,
  "/checkout": Checkout,
  "/embedded": Embedded,
  "/hosted": Hosted,
  "/orders": Orders,
  "/plans": Plans,
  "/staff": Staff,
  "/thanks": Thanks,
};

const Nothing = () => <h1>Nothing here</h1>;

/** Texts of the site's own, by the query's `lang`. */
const GERMAN = {
  checkout: { pay: (amount) => `${amount} zahlen` },
  declines: { reasons: { insufficient_funds: "Das Konto ist nicht gedeckt." } },
};

/** The page at `path`. */
export function Shop({ path, search }) {
  const Page = PAGES[path] ?? Nothing;
  const query = new URLSearchParams(search);
  const own = query.get("lang") === "de" ? { texts: GERMAN, locale: "de" } : {};
  return (
    <FareboxProvider {...own}>
      <Page query={query} />
    </FareboxProvider>
  );
}
