// A button that leads to a page at Stripe: hosted Checkout, or the customer portal.

"use client";

import { useState, type ReactNode } from "react";
import { useTexts } from "./context.js";
import { usePageShown } from "./hooks.js";
import { Notice } from "./notice.js";
import { commonTexts, type Doing } from "./texts.js";
import { useTrouble, type Trouble } from "./trouble.js";

/** What a button shows about the way to another page. */
export interface Leaving {
  /** Leads there. */
  open: () => Promise<void>;
  isBusy: boolean;
  trouble: Trouble | null;
}

/** `go` leads to another page, and returns false where this one stays. */
export function useLeaving(doing: Doing, go: () => Promise<boolean>): Leaving {
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const trouble = useTrouble(doing)(error);
  // The browser kept the page while it was at the other one.
  usePageShown(() => setIsBusy(false));

  async function open() {
    if (isBusy) return;
    setIsBusy(true);
    setError(null);
    try {
      if (await go()) return;
    } catch (error) {
      setError(error);
    }
    setIsBusy(false);
  }

  return { open, isBusy, trouble };
}

interface LeaveButtonProps {
  leaving: Leaving;
  className: string;
  /** The button's label. */
  children: ReactNode;
}

export function LeaveButton({ leaving, className, children }: LeaveButtonProps) {
  const { open, isBusy, trouble } = leaving;
  const texts = useTexts("common", commonTexts);
  return (
    <>
      {trouble && <Notice trouble={trouble} />}
      <button type="button" className={className} onClick={open} aria-disabled={isBusy}>
        {isBusy ? texts.busy : children}
      </button>
    </>
  );
}
