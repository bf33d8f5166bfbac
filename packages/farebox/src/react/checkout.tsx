// Payment of a cart, or of a signed order, in Stripe's Payment Element: it starts when the
// component is shown.

"use client";

import { Elements } from "@stripe/react-stripe-js";
import type { Appearance, StripeElementLocale } from "@stripe/stripe-js";
import { useEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import { appearanceOf } from "./appearance.js";
import { useSettings, useTexts } from "./context.js";
import { useIsDark } from "./hooks.js";
import { money } from "./money.js";
import { Notice, Waiting } from "./notice.js";
import { PaymentForm, type FormParts } from "./payment-form.js";
import { returnTo } from "./return-url.js";
import { contentsOf, startIntent, type Intent, type Wanted } from "./start.js";
import { checkoutTexts } from "./texts.js";
import { useTrouble } from "./trouble.js";
import type { Order } from "./requests.js";
import { useOrder } from "./use-order.js";
import { usePayment, type Payment } from "./use-payment.js";

export type CheckoutOptions = Wanted & {
  /**
   * The return page, a URL or path of the site: Stripe leads there after the payment, with `order`
   * in its query.
   */
  returnUrl: string;
};

/**
 * Starts the payment of `items` or of a signed `order` for a form of the site's own. `payment` is
 * `null` until Farebox answers; then it has `started` and `stripe` for <Elements>, or an `error`.
 * `settled` names an order that is paid, or being paid, already: the page is led to it.
 */
export function useCheckout({ returnUrl, ...wanted }: CheckoutOptions): {
  payment: Payment<Intent> | null;
  again: () => void;
} {
  const { basePath, navigate } = useSettings();
  return usePayment(
    wanted.items?.length === 0 ? null : contentsOf(wanted),
    () => startIntent(basePath, wanted),
    (orderId) => navigate(returnTo(returnUrl, orderId, "succeeded")),
  );
}

export type FareboxCheckoutProps = CheckoutOptions & {
  /** The total that the page shows, in minor units: where it differs, the form says so. */
  shownAmount?: number;
  /**
   * Called once the order is known to be paid or authorized. With it, the page is left only where
   * the payment method needs that; without it, Stripe always leads to `returnUrl`.
   */
  onPaid?: (order: Order) => void;
  /** The look of Stripe's form; by default that of the page around it. */
  appearance?: Appearance;
  /** Shown above the button; or a function of the form's state that returns the button itself. */
  children?: ReactNode | ((parts: FormParts) => ReactNode);
};

/** Stripe's Payment Element for `items`, or for an `order` that the site's server signed. */
export function FareboxCheckout(props: FareboxCheckoutProps) {
  const { shownAmount, onPaid, appearance, children, ...options } = props;
  const place = useRef<HTMLDivElement>(null);
  const texts = useTexts("checkout", checkoutTexts);
  const trouble = useTrouble("start");
  const { payment, again } = useCheckout(options);
  const [confirmed, setConfirmed] = useConfirmed(options);
  const started = payment && "started" in payment ? payment.started : null;
  const before = useEarlierAmount(started);
  const look = useLook(place, appearance, started !== null);

  const retry = () => {
    again();
    // The button is gone, and with it the focus.
    place.current?.focus();
  };
  const failure = payment && "error" in payment ? trouble(payment.error) : null;
  return (
    <div ref={place} className="farebox-checkout" tabIndex={-1}>
      {confirmed !== null && <Confirmed orderId={confirmed} onPaid={onPaid} />}
      {confirmed === null && !payment && options.items?.length !== 0 && (
        <Waiting what={texts.form} />
      )}
      {failure && <Notice trouble={failure} again={retry} />}
      {payment && "settled" in payment && <p role="status">{texts.settled}</p>}
      {confirmed === null && payment && "started" in payment && look && (
        <Form
          key={payment.started.clientSecret}
          payment={payment}
          look={look}
          shownAmount={shownAmount ?? before}
          returnUrl={options.returnUrl}
          again={retry}
          confirmed={onPaid && setConfirmed}
        >
          {children}
        </Form>
      )}
    </div>
  );
}

interface FormProps {
  payment: { started: Intent; stripe: Parameters<typeof Elements>[0]["stripe"] };
  look: Appearance;
  shownAmount: number | null;
  returnUrl: string;
  again: () => void;
  confirmed: ((orderId: string) => void) | undefined;
  children: FareboxCheckoutProps["children"];
}

/** Stripe's form keeps its client secret: another one needs a new form. */
function Form({ payment: { started, stripe }, look, shownAmount, ...form }: FormProps) {
  const texts = useTexts("checkout", checkoutTexts);
  const { locale, stripeLocale } = useSettings();
  const { amount, currency, clientSecret, customerSessionClientSecret: customer } = started;
  return (
    <Elements
      stripe={stripe}
      options={{
        clientSecret,
        appearance: look,
        ...(stripeLocale && { locale: stripeLocale as StripeElementLocale }),
        // With it the form shows a customer's saved cards; a guest has none.
        ...(customer && { customerSessionClientSecret: customer }),
      }}
    >
      {shownAmount !== null && shownAmount !== amount && (
        <p className="farebox-notice" role="status">
          {texts.priceChanged(money(amount, currency, locale))}
        </p>
      )}
      <PaymentForm intent={started} {...form} />
    </Elements>
  );
}

/**
 * The order whose payment was confirmed in this page: until other contents are bought. An emptied
 * cart is none.
 */
function useConfirmed(wanted: Wanted) {
  const [confirmed, setConfirmed] = useState<{ contents: string; orderId: string } | null>(null);
  const contents = contentsOf(wanted);
  const isIts = confirmed?.contents === contents || wanted.items?.length === 0;
  const orderId = confirmed && isIts ? confirmed.orderId : null;
  return [orderId, (orderId: string) => setConfirmed({ contents, orderId })] as const;
}

/** The payment is confirmed in this page: the order has the last word. */
function Confirmed({
  orderId,
  onPaid,
}: {
  orderId: string;
  onPaid: FareboxCheckoutProps["onPaid"];
}) {
  const { state, order, message } = useOrder(orderId, { isConfirmed: true });
  const isTold = useRef(false);
  useEffect(() => {
    if (!order || isTold.current || (state !== "paid" && state !== "authorized")) return;
    isTold.current = true;
    onPaid?.(order);
  });
  return (
    <p className="farebox-order" role="status" data-state={state}>
      {message}
    </p>
  );
}

/** The amount of the same contents' earlier payment, which was replaced by `started`. */
function useEarlierAmount(started: Intent | null): number | null {
  const [seen, setSeen] = useState<{ now: Intent | null; before: number | null }>({
    now: null,
    before: null,
  });
  if (started !== null && started !== seen.now) {
    const isSame = seen.now?.orderId === started.orderId;
    setSeen({ now: started, before: isSame && seen.now ? seen.now.amount : null });
  }
  return seen.before;
}

function useLook(
  place: RefObject<HTMLElement | null>,
  own: Appearance | undefined,
  isShown: boolean,
): Appearance | null {
  const isDark = useIsDark();
  const [look, setLook] = useState<Appearance | null>(null);
  useEffect(() => {
    if (isShown && place.current) setLook(appearanceOf(place.current));
  }, [place, isShown, isDark]);
  return own ?? look;
}
