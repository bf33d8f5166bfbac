// An order's state on the return page: read until its payment is known.

"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { cartNamed, cartsOf, forget } from "./cart.js";
import { useSettings, useTexts } from "./context.js";
import { useLatest } from "./hooks.js";
import {
  isTaken,
  messageOf,
  outcomeOf,
  stateOf,
  type Hint,
  type OrderState,
  type Outcome,
} from "./outcome.js";
import type { Order } from "./requests.js";
import { hideSecret, toldBy } from "./return-url.js";
import { orderTexts } from "./texts.js";
import { useTrouble, type Trouble } from "./trouble.js";
import { watchOrder } from "./watch.js";

/** After this time, the page tells the payer that they can leave. */
const LONG_MS = 6000;

export interface WatchedOrder {
  /**
   * `unknown` where the order could not be read: the payment may have gone through. A state that is
   * known stays while Farebox does not answer, and `trouble` says so.
   */
  state: OrderState;
  /** The state in full: `waiting` is `open`, `awaiting` or `processing`. `null` while unknown. */
  outcome: Outcome | null;
  /** The latest known order. */
  order: Order | null;
  /** The order's id, from the argument or the URL; `null` where there is none. */
  orderId: string | null;
  /** A heading for the state. */
  title: string;
  /** The state in a sentence, for the payer. */
  message: string;
  /** Why the latest look has no answer. */
  trouble: Trouble | null;
  /** Reads the order at once, as after a change of it. */
  refresh: () => void;
}

export interface WatchOptions {
  /**
   * Called when this browser's cart led to the order, and it is paid or its payment is under way:
   * empty the cart.
   */
  onCartDone?: (order: Order) => void;
  /** The name of the cart of `onCartDone`, where a site has several. */
  cart?: string;
  /** Tells that Stripe confirmed the payment in this page: the order may not have heard of it. */
  isConfirmed?: boolean;
}

interface Asked {
  id: string | null;
  hint: Hint;
}

/**
 * The order `id`, by default the one in the URL's `order`; Stripe's client secret is taken out of
 * the URL. Farebox asks Stripe at each look, until a payment can no longer change the order.
 */
export function useOrder(id?: string, options: WatchOptions = {}): WatchedOrder {
  const asked = useAsked(id, options.isConfirmed ? "succeeded" : null);
  const { order, error, isLong, refresh } = useWatched(asked?.id ?? null);
  useCartDone(order, options);
  const texts = useTexts("order", orderTexts);
  const { locale } = useSettings();
  const trouble = useTrouble("payment")(error);
  const orderId = asked?.id ?? null;
  const common = { order, orderId, trouble, refresh };
  if (order && asked) {
    const outcome = outcomeOf(order, asked.hint);
    const message = messageOf(outcome, order, texts, { locale, isLong, now: Date.now() });
    const title = texts.titles[outcome];
    return { ...common, state: stateOf(outcome), outcome, title, message };
  }
  const isNone = asked !== null && asked.id === null;
  return {
    ...common,
    state: trouble || isNone ? "unknown" : "waiting",
    outcome: null,
    title: texts.titles.processing,
    message: isNone ? texts.noOrder : (trouble?.text ?? texts.reading),
  };
}

/** The order that is asked for; `null` until hydration. */
function useAsked(id: string | undefined, known: Hint): Asked | null {
  const [asked, setAsked] = useState<Asked | null>(null);
  useEffect(() => {
    const told = toldBy(location.search);
    hideSecret();
    // A hint belongs to the order beside it.
    const isTold = id === undefined || id === told.id;
    setAsked(isTold ? { ...told, hint: known ?? told.hint } : { id, hint: known });
  }, [id, known]);
  return asked;
}

interface Seen {
  id: string | null;
  order: Order | null;
  error: unknown;
}

function useWatched(id: string | null) {
  const { basePath } = useSettings();
  const [seen, setSeen] = useState<Seen>({ id, order: null, error: null });
  const [isLong, setIsLong] = useState(false);
  const again = useRef<(() => void) | null>(null);

  useEffect(() => {
    if (id === null) return undefined;
    const watch = watchOrder(basePath, id, (found) =>
      setSeen((before) => ({
        id,
        order: "order" in found ? found.order : before.id === id ? before.order : null,
        error: "error" in found ? found.error : null,
      })),
    );
    again.current = watch.again;
    const long = setTimeout(setIsLong, LONG_MS, true);
    return () => {
      watch.end();
      again.current = null;
      clearTimeout(long);
    };
  }, [basePath, id]);

  const refresh = useCallback(() => again.current?.(), []);
  const known = seen.id === id ? seen : { order: null, error: null };
  return { order: known.order, error: known.error, isLong, refresh };
}

function useCartDone(order: Order | null, { onCartDone, cart: name }: WatchOptions): void {
  const latest = useLatest(onCartDone);
  useEffect(() => {
    if (!order || !isTaken(order)) return;
    const { orderId } = order;
    if (cartNamed(name).read().orderId === orderId) latest.current?.(order);
    // A cart that stayed would lead its next payment to this order, as if that were paid.
    for (const cart of cartsOf(orderId)) forget(cart, orderId);
  }, [order, name, latest]);
}
