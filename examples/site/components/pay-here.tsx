// Payment of the cart in Stripe's Payment Element: it starts when the form is shown.

"use client";

import { Elements } from "@stripe/react-stripe-js";
import type { Appearance } from "@stripe/stripe-js";
import { displayed, type Cart } from "@/lib/cart";
import { useIsDark } from "@/lib/hooks";
import { money } from "@/lib/money";
import { start } from "@/lib/start";
import { usePayment } from "@/lib/use-payment";
import { Notice } from "./notice";
import { PaymentForm } from "./payment-form";
import { Waiting } from "./waiting";

export function PayHere({ cart, standIn }: { cart: Cart; standIn: string | undefined }) {
  const isDark = useIsDark();
  const { payment, again } = usePayment(cart, standIn, start);
  if (!payment) return <Waiting what="the payment form" />;
  if ("trouble" in payment) return <Notice trouble={payment.trouble} again={again} />;
  const { started: intent, stripe } = payment;
  const { clientSecret, customerSessionClientSecret: customer } = intent;
  const differs = intent.amount !== displayed(cart);
  return (
    // Stripe's form keeps its client secret: another one needs a new form.
    <Elements
      key={clientSecret}
      stripe={stripe}
      options={{
        clientSecret,
        appearance: appearance(isDark),
        // With it the form shows a customer's saved cards; a guest has none.
        ...(customer && { customerSessionClientSecret: customer }),
      }}
    >
      {differs && (
        <p className="notice" role="status">
          The price has changed: it is {money(intent.amount, intent.currency)} now.
        </p>
      )}
      <PaymentForm intent={intent} again={again} />
    </Elements>
  );
}

/** The form's colours; Stripe's frames cannot read the page's. */
function appearance(isDark: boolean): Appearance {
  const colours = isDark
    ? {
        colorPrimary: "#9ccbb8",
        colorBackground: "#211f1b",
        colorText: "#efe9dd",
        colorDanger: "#ff9d8a",
      }
    : {
        colorPrimary: "#20493f",
        colorBackground: "#ffffff",
        colorText: "#211e19",
        colorDanger: "#a8321d",
      };
  return { theme: isDark ? "night" : "stripe", variables: { ...colours, borderRadius: "6px" } };
}
