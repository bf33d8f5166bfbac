// Hosted Checkout: leads to Stripe's page, which leads back.

"use client";

import { useState, type ReactNode } from "react";
import { useSettings, useTexts } from "./context.js";
import { LeaveButton, useLeaving, type Leaving } from "./leave.js";
import { absolute, returnTo, successUrl } from "./return-url.js";
import { startHosted, type Mode, type Wanted } from "./start.js";
import { checkoutTexts } from "./texts.js";

export type HostedOptions = Wanted & {
  /** The return page, a URL or path of the site, in an origin of `FAREBOX_RETURN_ORIGINS`. */
  successUrl: string;
  /** Where a payer who leaves Stripe's page goes on; this page by default. */
  cancelUrl?: string;
  /** `subscription` where the items are plans: then the cart has no part in it. */
  mode?: Mode;
};

/** What a page of the site's own shows about the way to Stripe's page. */
export interface Hosted extends Leaving {
  /** A subscription of these items is held already, and nothing was started. */
  isHeld: boolean;
}

/** The way to hosted Checkout, for a button of the site's own. */
export function useHostedCheckout(options: HostedOptions): Hosted {
  const { successUrl: success, cancelUrl, mode = "payment", ...wanted } = options;
  const { basePath, navigate } = useSettings();
  const [isHeld, setIsHeld] = useState(false);
  const leaving = useLeaving(mode === "payment" ? "start" : "subscribe", async () => {
    const urls = {
      successUrl: successUrl(success),
      cancelUrl: absolute(cancelUrl ?? location.pathname + location.search),
    };
    const started = await startHosted(basePath, wanted, mode, urls);
    if ("isHeld" in started) {
      setIsHeld(true);
      return false;
    }
    if ("url" in started) location.assign(started.url);
    // Another tab may have paid the order in the meantime.
    else navigate(returnTo(success, started.settled, "succeeded"));
    return true;
  });
  return { ...leaving, isHeld };
}

export type HostedCheckoutButtonProps = HostedOptions & {
  /** The button's label. */
  children?: ReactNode;
  className?: string;
};

/** A button that leads to hosted Checkout. */
export function HostedCheckoutButton({
  children,
  className = "farebox-button",
  ...options
}: HostedCheckoutButtonProps) {
  const texts = useTexts("checkout", checkoutTexts);
  const { isHeld, ...leaving } = useHostedCheckout(options);
  if (isHeld)
    return (
      <p className="farebox-notice" role="alert" data-code="already_subscribed">
        {texts.already}
      </p>
    );
  return (
    <LeaveButton leaving={leaving} className={className}>
      {children ?? texts.hosted}
    </LeaveButton>
  );
}
