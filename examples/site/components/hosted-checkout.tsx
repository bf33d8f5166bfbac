// The other way: Stripe's own page, which leads back here.

"use client";

import { useState } from "react";
import { items, noteOrder, type Cart } from "@/lib/cart";
import { keepOrder } from "@/lib/kept-orders";
import { createCheckout } from "@/lib/payments";
import { trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";

export function HostedCheckout({ cart }: { cart: Cart }) {
  const [isBusy, setIsBusy] = useState(false);
  const [wrong, setWrong] = useState<Trouble | null>(null);

  async function leave() {
    setIsBusy(true);
    setWrong(null);
    const { origin } = location;
    // The server adds the order to both.
    const urls = { successUrl: `${origin}/checkout/return?redirect_status=succeeded`, cancelUrl: `${origin}/checkout` };
    try {
      const { key, orderId } = cart;
      const started = await createCheckout(key, { items: items(cart), ...(orderId && { orderId }), ...urls });
      keepOrder(started.orderId);
      noteOrder(key, started.orderId);
      location.assign(started.url);
    } catch (error) {
      setWrong(trouble(error));
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
