// What an error says to whoever is at the page: its cause, and what is known about the money.

"use client";

import { FareboxError } from "../index.js";
import { useTexts } from "./context.js";
import { Unreachable } from "./send.js";
import { NoStripe } from "./stripe.js";
import { errorTexts, type Doing } from "./texts.js";

export interface Trouble {
  text: string;
  /** The error code and the request's id, for support. */
  code: string;
  /** True when Farebox did not answer. */
  isUnreachable: boolean;
  /** What the site's developer can do about it; only in a page on their own machine. */
  hint?: string | undefined;
}

export function troubleOf(error: unknown, doing: Doing, texts: typeof errorTexts): Trouble {
  const open = (cause: string | undefined) => `${cause ?? texts.page} ${texts.open[doing]}`;
  if (error instanceof NoStripe)
    return { text: texts.stripe, code: "stripe_js", isUnreachable: false };
  if (error instanceof Unreachable) {
    const { isOffline, hint } = error;
    const text = open(isOffline ? texts.offline : texts.unreachable);
    return { text, code: isOffline ? "offline" : "unreachable", isUnreachable: true, hint };
  }
  if (!(error instanceof FareboxError))
    return { text: open(texts.page), code: "page", isUnreachable: false };
  const { code, requestId } = error;
  const isInternal = error.status >= 500 && texts.causes[code] === undefined;
  const cause = isInternal ? texts.causes["internal"] : texts.causes[code];
  return {
    text: cause === undefined ? refusal(error, doing, texts) : open(cause),
    code: [code, requestId].filter(Boolean).join(" · "),
    isUnreachable: false,
  };
}

const OF_PLANS: readonly Doing[] = ["plan", "preview", "change"];

function refusal(error: FareboxError, doing: Doing, texts: typeof errorTexts): string {
  const { code, message, retryAfter } = error;
  if (code === "too_many_payments")
    return texts.tooMany(retryAfter === undefined ? undefined : Math.ceil(retryAfter / 60), doing);
  if (code === "not_found" && OF_PLANS.includes(doing)) return texts.noPlan;
  return texts.refusals[code] ?? texts.other(message, code);
}

/** Tells errors in the site's texts; `null` stays `null`. */
export function useTrouble(doing: Doing): (error: unknown) => Trouble | null {
  const texts = useTexts("errors", errorTexts);
  return (error) => (error === null ? null : troubleOf(error, doing, texts));
}
