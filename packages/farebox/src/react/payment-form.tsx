// Stripe's form and its button. The return page, or `confirmed`, shows the result.

"use client";

import { PaymentElement, useElements, useStripe } from "@stripe/react-stripe-js";
import type { StripeError } from "@stripe/stripe-js";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
import { useSettings, useTexts } from "./context.js";
import { declineOf } from "./declines.js";
import { usePageShown } from "./hooks.js";
import { money } from "./money.js";
import { returnTo } from "./return-url.js";
import { isPaidOrder, type Intent } from "./start.js";
import { checkoutTexts, commonTexts, declineTexts } from "./texts.js";

/** What a button of the site's own shows. */
export interface FormParts {
  /** The amount in minor units of `currency`. */
  amount: number;
  currency: string;
  /** The label of the button, such as `Pay $15.00`. */
  label: string;
  /** True while the payment is confirmed, and until Stripe's form is there. */
  isBusy: boolean;
}

interface Props {
  intent: Intent;
  returnUrl: string;
  /** Asks for the order's payment anew, in place of one that was canceled meanwhile. */
  again: () => void;
  /** Called where Stripe confirmed the payment without leaving the page. */
  confirmed: ((orderId: string) => void) | undefined;
  children: ReactNode | ((parts: FormParts) => ReactNode);
}

export function PaymentForm({ children, ...props }: Props) {
  const { amount, currency } = props.intent;
  const { locale } = useSettings();
  const common = useTexts("common", commonTexts);
  const texts = useTexts("checkout", checkoutTexts);
  const { pay, isBusy, isReady, wrong } = usePay(props);
  const label = isBusy ? common.busy : texts.pay(money(amount, currency, locale));
  return (
    <form onSubmit={pay} className="farebox-form" aria-busy={isBusy}>
      <PaymentElement />
      <p role="alert" className="farebox-wrong">
        {wrong}
      </p>
      {typeof children === "function" ? (
        children({ amount, currency, label, isBusy: isBusy || !isReady })
      ) : (
        <>
          {children}
          {/* Not disabled while it is busy: it keeps the keyboard focus. */}
          <button className="farebox-button" disabled={!isReady} aria-disabled={isBusy}>
            {label}
          </button>
        </>
      )}
    </form>
  );
}

function usePay({ intent: { orderId }, returnUrl, again, confirmed }: Omit<Props, "children">) {
  const [stripe, elements] = [useStripe(), useElements()];
  const { basePath, navigate } = useSettings();
  const texts = useTexts("declines", declineTexts);
  const [isBusy, setIsBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  /** A ref, because a state would change too late for a second click. */
  const isPaying = useRef(false);

  const free = () => {
    isPaying.current = false;
    setIsBusy(false);
  };
  usePageShown(free);

  async function pay(event: FormEvent) {
    event.preventDefault();
    if (!stripe || !elements || isPaying.current) return;
    isPaying.current = true;
    setIsBusy(true);
    setWrong(null);
    const confirmParams = { return_url: returnTo(returnUrl, orderId) };
    const redirect = confirmed ? "if_required" : "always";
    const answered: Confirmation = await stripe
      // The two forms of `redirect` have two types of a result.
      .confirmPayment({ elements, confirmParams, redirect: redirect as "if_required" })
      .catch(unexplained);
    const { error } = answered;
    // Where Stripe leads away, nothing follows.
    if (!error) return confirmed?.(orderId);
    const isPaid = await isPaidElsewhere(basePath, orderId, error);
    if (isPaid) return navigate(returnTo(returnUrl, orderId, "succeeded"));
    // The order changed elsewhere: the page shows the new amount before the next payment.
    if (isPaid === false) return again();
    // The form shows its own validation errors.
    setWrong(error.type === "validation_error" ? null : declineOf(error, texts));
    free();
  }

  return { pay, isBusy, isReady: stripe !== null && elements !== null, wrong };
}

/**
 * Whether the order is paid though this payment was refused. A canceled payment was replaced by
 * another, which may be paid; of that, `false` is certain.
 */
async function isPaidElsewhere(
  base: string,
  orderId: string,
  error: StripeError,
): Promise<boolean | undefined> {
  if (error.payment_intent?.status === "canceled")
    return isPaidOrder(base, orderId).catch(() => undefined);
  return error.code === "payment_intent_unexpected_state" || undefined;
}

type Confirmation = { error?: StripeError | undefined };

function unexplained(): Confirmation {
  return { error: { type: "api_error" } };
}
