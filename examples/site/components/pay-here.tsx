// Embedded payment of the cart: starts the payment when the page loads, then shows Stripe's form.

"use client";

import { Elements } from "@stripe/react-stripe-js";
import type { Appearance, Stripe } from "@stripe/stripe-js";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { displayed, type Cart } from "@/lib/cart";
import { useIsDark } from "@/lib/hooks";
import { money } from "@/lib/money";
import type { Intent } from "@/lib/payments";
import { returnPath } from "@/lib/return-path";
import { start } from "@/lib/start";
import { stripeOf } from "@/lib/stripe";
import { trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";
import { PaymentForm } from "./payment-form";
import { Waiting } from "./waiting";

/** The payment of the contents with `key`. */
type Begun = { key: string } & ({ intent: Intent; stripe: Stripe | null } | { trouble: Trouble });

export function PayHere({ cart, standIn }: { cart: Cart; standIn: string | undefined }) {
  const router = useRouter();
  const isDark = useIsDark();
  const [attempt, setAttempt] = useState(0);
  const [begun, setBegun] = useState<Begun | null>(null);
  const { key } = cart;

  useEffect(() => {
    let isCurrent = true;
    begin(cart, standIn).then((now) => {
      if (!isCurrent) return;
      if ("settled" in now) router.replace(returnPath(now.settled, "succeeded"));
      else setBegun(now);
    });
    return () => {
      isCurrent = false;
    };
    // The key identifies the contents: the same key is the same cart.
  }, [key, attempt, standIn, router]);

  const again = () => {
    setBegun(null);
    setAttempt(attempt + 1);
  };
  if (begun?.key !== key) return <Waiting what="the payment form" />;
  if ("trouble" in begun) return <Notice trouble={begun.trouble} again={again} />;
  const { intent, stripe } = begun;
  const differs = intent.amount !== displayed(cart);
  return (
    // Stripe's form keeps its client secret: another one needs a new form.
    <Elements
      key={intent.clientSecret}
      stripe={stripe}
      options={{ clientSecret: intent.clientSecret, appearance: appearance(isDark) }}
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

async function begin(
  cart: Cart,
  standIn: string | undefined,
): Promise<Begun | { settled: string }> {
  const { key } = cart;
  try {
    const started = await start(cart);
    if ("settled" in started) return started;
    const { intent } = started;
    return { key, intent, stripe: await stripeOf(intent.publishableKey, standIn).catch(noScript) };
  } catch (error) {
    return { key, trouble: error instanceof NoScript ? error.trouble : trouble(error, "start") };
  }
}

/** Stripe's script did not load: blocked, or offline. */
class NoScript extends Error {
  readonly trouble: Trouble = {
    text:
      "The payment form of Stripe could not be loaded. Check your network, or whether something " +
      "blocks js.stripe.com.",
    code: "stripe_js",
    isUnreachable: false,
  };
}

function noScript(): never {
  throw new NoScript();
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
