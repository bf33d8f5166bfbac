// Stripe's form and its button. The return page shows the result.

"use client";

import { PaymentElement, useElements, useStripe } from "@stripe/react-stripe-js";
import type { StripeError } from "@stripe/stripe-js";
import { useRouter } from "next/navigation";
import { useRef, useState, type FormEvent } from "react";
import { declineWords } from "@/lib/declines";
import { useFreshPage } from "@/lib/hooks";
import { money } from "@/lib/money";
import type { Intent } from "@/lib/payments";
import { returnPath } from "@/lib/return-path";

/**
 * `again` asks for the order's payment anew, in place of one that was canceled since this form was
 * opened.
 */
export function PaymentForm({ intent, again }: { intent: Intent; again: () => void }) {
  const [stripe, elements, router] = [useStripe(), useElements(), useRouter()];
  const [isBusy, setIsBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  /** A ref, because a state would change too late for a second click. */
  const isPaying = useRef(false);

  useFreshPage();

  async function pay(event: FormEvent) {
    event.preventDefault();
    if (!stripe || !elements || isPaying.current) return;
    isPaying.current = true;
    setIsBusy(true);
    setWrong(null);
    const confirmParams = { return_url: location.origin + returnPath(intent.orderId) };
    const { error } = await stripe.confirmPayment({ elements, confirmParams }).catch(unexplained);
    // A successful payment has left the page. A canceled payment was replaced by another: the order
    // changed elsewhere, so the page shows the new amount before the next payment.
    if (error.payment_intent?.status === "canceled") return again();
    if (error.code === "payment_intent_unexpected_state")
      return router.replace(returnPath(intent.orderId, "succeeded"));
    // The form shows its own validation errors.
    setWrong(error.type === "validation_error" ? null : declineWords(error));
    isPaying.current = false;
    setIsBusy(false);
  }

  return (
    <form onSubmit={pay} className="payment" aria-busy={isBusy}>
      <PaymentElement />
      <p role="alert" className="wrong">
        {wrong}
      </p>
      <button className="wide" disabled={!stripe || isBusy}>
        {isBusy ? "One moment…" : `Pay ${money(intent.amount, intent.currency)}`}
      </button>
    </form>
  );
}

function unexplained(): { error: StripeError } {
  return { error: { type: "api_error" } };
}
