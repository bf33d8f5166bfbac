// Checkout in a frame of this page. Stripe leads to the return page after the payment.

"use client";

import type { Stripe } from "@stripe/stripe-js";
import { useEffect, useRef, useState } from "react";
import type { Cart } from "@/lib/cart";
import { useFreshPage } from "@/lib/hooks";
import { startEmbedded } from "@/lib/start";
import { usePayment } from "@/lib/use-payment";
import { trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";
import { Waiting } from "./waiting";

export function EmbeddedCheckout({ cart, standIn }: { cart: Cart; standIn: string | undefined }) {
  const { payment, again } = usePayment(cart, standIn, startEmbedded);
  useFreshPage();
  if (!payment) return <Waiting what="Stripe’s Checkout" />;
  if ("trouble" in payment) return <Notice trouble={payment.trouble} again={again} />;
  const { started, stripe } = payment;
  return <CheckoutFrame key={started.clientSecret} {...started} stripe={stripe} again={again} />;
}

interface Props {
  clientSecret: string;
  stripe: Stripe;
  again: () => void;
}

/** Stripe.js has one embedded Checkout in a page: the next one waits until this is gone. */
let before: Promise<void> = Promise.resolve();

/** The frame of a session. */
export function CheckoutFrame({ clientSecret, stripe, again }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [wrong, setWrong] = useState<Trouble | null>(null);

  useEffect(() => {
    let isCurrent = true;
    const made = before.then(() => stripe.createEmbeddedCheckoutPage({ clientSecret }));
    made.then(
      (checkout) => isCurrent && place.current && checkout.mount(place.current),
      (error: unknown) => isCurrent && setWrong(trouble(error, "start")),
    );
    return () => {
      isCurrent = false;
      before = made.then((checkout) => checkout.destroy(), () => undefined);
    };
  }, [clientSecret, stripe]);

  return wrong ? <Notice trouble={wrong} again={again} /> : <div ref={place} className="frame" />;
}
