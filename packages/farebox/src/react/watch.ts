// Reads an order until its payment is known: often at first, then seldom, and not while nobody
// looks at the page or the browser is offline.

import { FareboxError } from "../index.js";
import { isOpen } from "./outcome.js";
import { readOrder, type Order } from "./requests.js";

/** A look at the order. */
export type Found = { order: Order } | { error: unknown };

const SOON_MS = 1000;
/** So many looks come soon after each other. */
const SOON_FOR = 30;
const LATER_MS = 30_000;
/** After about an hour the page is only left open: a visit, or a refresh, looks again. */
const LAST_LOOK = 150;

/** The milliseconds before the next look, after `looks` of them; `null` for none. */
export function pauseAfter(looks: number, found: Found): number | null {
  if (isOver(found) || looks >= LAST_LOOK) return null;
  const pause = SOON_MS * 1.25 ** Math.max(0, looks - SOON_FOR);
  if ("order" in found) return Math.min(found.order.awaiting ? LATER_MS : pause, LATER_MS);
  const wait = found.error instanceof FareboxError ? (found.error.retryAfter ?? 0) : 0;
  return Math.max(Math.min(pause, LATER_MS), wait * 1000);
}

/** Whether a further look tells nothing new: the result is known, or the order is not readable. */
function isOver(found: Found): boolean {
  if ("order" in found) return !isOpen(found.order.status);
  const { error } = found;
  return error instanceof FareboxError && error.status < 500 && error.retryAfter === undefined;
}

const isWatched = () => document.visibilityState !== "hidden" && navigator.onLine !== false;

/** Tells each look at the order, until `end`; `again` looks at once. */
export function watchOrder(
  base: string,
  id: string,
  tell: (found: Found) => void,
): { again: () => void; end: () => void } {
  const ended = new AbortController();
  const { signal } = ended;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let looks = 0;
  let isLooking = false;
  let isDone = false;

  const look = async () => {
    clearTimeout(timer);
    if (isLooking) return;
    isLooking = true;
    looks += 1;
    const found = await readOrder(base, id, { refresh: true, signal }).then(
      (order): Found => ({ order }),
      (error: unknown): Found => ({ error }),
    );
    isLooking = false;
    if (signal.aborted) return;
    tell(found);
    const pause = pauseAfter(looks, found);
    isDone = isOver(found);
    if (pause !== null) timer = setTimeout(() => isWatched() && void look(), pause);
  };
  const again = () => {
    looks = 0;
    void look();
  };
  const wake = () => !isDone && isWatched() && again();
  const shown = (event: PageTransitionEvent) => event.persisted && again();
  document.addEventListener("visibilitychange", wake, { signal });
  window.addEventListener("online", wake, { signal });
  window.addEventListener("pageshow", shown, { signal });
  void look();
  const end = () => {
    ended.abort();
    clearTimeout(timer);
  };
  return { again, end };
}
