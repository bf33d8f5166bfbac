// Pages of a site, which only the compiler checks.

import {
  FareboxCheckout,
  FareboxProvider,
  HostedCheckoutButton,
  PricingTable,
  useOrder,
  type OrderState,
  type PlanOffer,
} from "farebox/react";

const items = [{ price: "mug", quantity: 2 }];

/** A checkout page. */
export const Checkout = () => <FareboxCheckout items={items} returnUrl="/thanks" />;

/** One of an order that the site's server signed, with a button of the site's own. */
export const Signed = ({ token }: { token: string }) => (
  <FareboxCheckout order={token} returnUrl="/thanks" onPaid={({ orderId }) => void orderId}>
    {({ label, isBusy }) => <button disabled={isBusy}>{label}</button>}
  </FareboxCheckout>
);

/** The return page. */
export function Thanks() {
  const { state, order, message } = useOrder();
  const known: OrderState = state;
  return (
    <p data-state={known}>
      {message} {order?.orderId}
    </p>
  );
}

/** Texts and a language of the site's own. */
export const German = () => (
  <FareboxProvider
    locale="de"
    texts={{
      checkout: { pay: (amount) => `${amount} zahlen` },
      errors: { refusals: { forbidden: "Das darf Ihr Konto nicht." } },
    }}
  >
    <HostedCheckoutButton items={items} successUrl="/thanks">
      Weiter zu Stripe
    </HostedCheckoutButton>
  </FareboxProvider>
);

const plan: PlanOffer = {
  price: "pro",
  name: "Pro",
  amount: 1900,
  currency: "usd",
  interval: "month",
};

export const Plans = () => <PricingTable plans={[plan]} returnUrl="/thanks" ui="embedded" />;

export const wrong = [
  // @ts-expect-error nothing is bought
  () => <FareboxCheckout returnUrl="/thanks" />,
  // @ts-expect-error items and a signed order exclude each other
  () => <FareboxCheckout items={items} order="token" returnUrl="/thanks" />,
  // @ts-expect-error a payer has to come back
  () => <FareboxCheckout items={items} />,
  // @ts-expect-error there is no such text
  () => <FareboxProvider texts={{ checkout: { paid: "Bezahlt" } }} />,
  // @ts-expect-error a text with an amount is a function, or a text
  () => <FareboxProvider texts={{ checkout: { pay: 1 } }} />,
];
