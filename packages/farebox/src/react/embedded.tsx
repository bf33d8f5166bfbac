// Checkout in a frame of the page. Stripe leads to the return page after the payment.

"use client";

import type { Stripe } from "@stripe/stripe-js";
import { useEffect, useRef, useState } from "react";
import { useSettings, useTexts } from "./context.js";
import { Notice, Waiting } from "./notice.js";
import { returnTo, successUrl } from "./return-url.js";
import { contentsOf, startEmbedded, type Mode, type Wanted } from "./start.js";
import { checkoutTexts } from "./texts.js";
import { useTrouble } from "./trouble.js";
import { usePayment } from "./use-payment.js";

export type EmbeddedCheckoutProps = Wanted & {
  /** The return page, a URL or path of the site, in an origin of `FAREBOX_RETURN_ORIGINS`. */
  returnUrl: string;
  /** `subscription` where the items are plans: then the cart has no part in it. */
  mode?: Mode;
};

/** Stripe's Checkout for `items`, or for an `order` that the site's server signed. */
export function EmbeddedCheckout(props: EmbeddedCheckoutProps) {
  const { returnUrl, mode = "payment", ...wanted } = props;
  const place = useRef<HTMLDivElement>(null);
  const { basePath, navigate } = useSettings();
  const texts = useTexts("checkout", checkoutTexts);
  const trouble = useTrouble(mode === "payment" ? "start" : "subscribe");
  const [wrong, setWrong] = useState<{ secret: string; error: unknown } | null>(null);
  const isEmpty = wanted.items?.length === 0;
  const { payment, again } = usePayment(
    isEmpty ? null : `${mode} ${contentsOf(wanted)}`,
    () => startEmbedded(basePath, wanted, mode, successUrl(returnUrl)),
    (orderId) => navigate(returnTo(returnUrl, orderId, "succeeded")),
  );
  const retry = () => {
    setWrong(null);
    again();
    // The button is gone, and with it the focus.
    place.current?.focus();
  };
  const started = payment && "started" in payment ? payment : null;
  const secret = started?.started.clientSecret;
  const error = payment && "error" in payment ? payment.error : null;
  const failure = trouble(wrong?.secret === secret ? (wrong?.error ?? error) : error);
  return (
    <div ref={place} className="farebox-checkout" tabIndex={-1}>
      {!payment && !isEmpty && <Waiting what={texts.frame} />}
      {failure && <Notice trouble={failure} again={retry} />}
      {payment && "settled" in payment && <p role="status">{texts.settled}</p>}
      {payment && "isHeld" in payment && (
        <p className="farebox-notice" role="alert" data-code="already_subscribed">
          {texts.already}
        </p>
      )}
      {started && secret !== undefined && !failure && (
        <Frame
          key={secret}
          secret={secret}
          stripe={started.stripe}
          failed={(error) => setWrong({ secret, error })}
        />
      )}
    </div>
  );
}

/** Stripe.js has one embedded Checkout in a page: the next one waits until this is gone. */
let before: Promise<void> = Promise.resolve();

interface FrameProps {
  secret: string;
  stripe: Stripe;
  failed: (error: unknown) => void;
}

/** The frame of a session. */
function Frame({ secret, stripe, failed }: FrameProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(failed);

  useEffect(() => {
    let isCurrent = true;
    const made = before.then(() => stripe.createEmbeddedCheckoutPage({ clientSecret: secret }));
    made.then(
      (checkout) => isCurrent && place.current && checkout.mount(place.current),
      (error: unknown) => isCurrent && latest.current(error),
    );
    return () => {
      isCurrent = false;
      before = made.then(
        (checkout) => checkout.destroy(),
        () => undefined,
      );
    };
  }, [secret, stripe]);

  return <div ref={place} className="farebox-frame" />;
}
