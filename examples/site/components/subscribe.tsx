// The Checkout of a plan: on Stripe's page, or in a frame of this one.

"use client";

import { EmbeddedCheckout, Notice, useHostedCheckout } from "farebox/react";
import Link from "next/link";
import { RETURN } from "@/lib/return-path";

/** What is chosen: the lookup key of a price, and the seats. */
export interface Choice {
  price: string;
  quantity: number;
}

export function ChooseThere({ choice, name }: { choice: Choice; name: string }) {
  const { open, isBusy, trouble, isHeld } = useHostedCheckout({
    items: [choice],
    successUrl: RETURN,
    cancelUrl: "/pricing",
    mode: "subscription",
  });
  if (isHeld) return <HeldAlready />;
  return (
    <>
      {trouble && <Notice trouble={trouble} />}
      <button type="button" className="wide" onClick={open} disabled={isBusy}>
        {isBusy ? "One moment…" : `Choose ${name}`}
      </button>
    </>
  );
}

export function ChooseHere({ choice, leave }: { choice: Choice; leave: () => void }) {
  return (
    <>
      <p>
        <button type="button" className="link" autoFocus onClick={leave}>
          Back to the plans
        </button>
      </p>
      <EmbeddedCheckout items={[choice]} returnUrl={RETURN} mode="subscription" />
    </>
  );
}

function HeldAlready() {
  return (
    <div className="farebox-notice" role="alert" data-code="already_subscribed">
      <p>You have this plan already, so nothing new was started.</p>
      <p className="farebox-notice-foot">
        <Link className="button" href="/account">
          To your plan
        </Link>
      </p>
    </div>
  );
}
