// Hosted Checkout: leads to Stripe's page, which leads back.

"use client";

import { useState, type ReactNode } from "react";
import { useSettings, useTexts } from "./context.js";
import { usePageShown } from "./hooks.js";
import { Notice } from "./notice.js";
import { absolute, returnTo, successUrl } from "./return-url.js";
import { startHosted, type Mode, type Wanted } from "./start.js";
import { checkoutTexts, commonTexts } from "./texts.js";
import { useTrouble, type Trouble } from "./trouble.js";

export type HostedOptions = Wanted & {
  /** The return page, a URL or path of the site, in an origin of `FAREBOX_RETURN_ORIGINS`. */
  successUrl: string;
  /** Where a payer who leaves Stripe's page goes on; this page by default. */
  cancelUrl?: string;
  /** `subscription` where the items are plans: then the cart has no part in it. */
  mode?: Mode;
};

/** What a page of the site's own shows about the way to Stripe's page. */
export interface Hosted {
  /** Opens Checkout, and leads to it. */
  open: () => Promise<void>;
  isBusy: boolean;
  trouble: Trouble | null;
  /** A subscription of these items is held already, and nothing was started. */
  isHeld: boolean;
}

/** The way to hosted Checkout, for a button of the site's own. */
export function useHostedCheckout(options: HostedOptions): Hosted {
  const { successUrl: success, cancelUrl, mode = "payment", ...wanted } = options;
  const { basePath, navigate } = useSettings();
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isHeld, setIsHeld] = useState(false);
  const trouble = useTrouble(mode === "payment" ? "start" : "subscribe")(error);
  usePageShown(() => setIsBusy(false));

  async function open() {
    if (isBusy) return;
    setIsBusy(true);
    setError(null);
    try {
      const urls = {
        successUrl: successUrl(success),
        cancelUrl: absolute(cancelUrl ?? location.pathname + location.search),
      };
      const started = await startHosted(basePath, wanted, mode, urls);
      if ("url" in started) return location.assign(started.url);
      // Another tab may have paid the order in the meantime.
      if ("settled" in started) return navigate(returnTo(success, started.settled, "succeeded"));
      setIsHeld(true);
    } catch (error) {
      setError(error);
    }
    setIsBusy(false);
  }

  return { open, isBusy, trouble, isHeld };
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
  const common = useTexts("common", commonTexts);
  const texts = useTexts("checkout", checkoutTexts);
  const { open, isBusy, trouble, isHeld } = useHostedCheckout(options);
  if (isHeld)
    return (
      <p className="farebox-notice" role="alert" data-code="already_subscribed">
        {texts.already}
      </p>
    );
  return (
    <>
      {trouble && <Notice trouble={trouble} />}
      <button type="button" className={className} onClick={open} aria-disabled={isBusy}>
        {isBusy ? common.busy : (children ?? texts.hosted)}
      </button>
    </>
  );
}
