// Hosted Checkout: redirects to Stripe's page, which redirects back.

"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Cart } from "@/lib/cart";
import { useFreshPage } from "@/lib/hooks";
import { returnPath } from "@/lib/return-path";
import { startHosted } from "@/lib/start";
import { trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";

export function HostedCheckout({ cart }: { cart: Cart }) {
  const router = useRouter();
  const [isBusy, setIsBusy] = useState(false);
  const [wrong, setWrong] = useState<Trouble | null>(null);
  useFreshPage();

  async function leave() {
    setIsBusy(true);
    setWrong(null);
    try {
      const started = await startHosted(cart);
      // Another tab may have paid the order in the meantime.
      if ("settled" in started) router.replace(returnPath(started.settled, "succeeded"));
      else location.assign(started.url);
    } catch (error) {
      setWrong(trouble(error, "start"));
      setIsBusy(false);
    }
  }

  return (
    <div className="payment">
      <p>Stripe’s page takes the payment and brings you back here.</p>
      {wrong && <Notice trouble={wrong} />}
      <button type="button" className="wide" onClick={leave} disabled={isBusy}>
        {isBusy ? "One moment…" : "Continue to Stripe"}
      </button>
    </div>
  );
}
