// The way to the customer portal.

"use client";

import { useState, type ReactNode } from "react";
import type { Schemas } from "../index.js";
import { useSettings, useTexts } from "./context.js";
import { usePageShown } from "./hooks.js";
import { Notice } from "./notice.js";
import { openPortal } from "./requests.js";
import { absolute } from "./return-url.js";
import { commonTexts } from "./texts.js";
import { planTexts } from "./texts-plans.js";
import { useTrouble } from "./trouble.js";

export interface PortalButtonProps {
  /** The page to which the portal links back, in an origin of `FAREBOX_RETURN_ORIGINS`. */
  returnUrl: string;
  /** The one change to which the portal leads straight. */
  flow?: Schemas["PortalFlow"];
  /** The caller's subscription, `sub_…`, for the flows `cancel` and `change`. */
  subscription?: string;
  /** The button's label. */
  children?: ReactNode;
  className?: string;
}

/** A button that opens the customer portal: cards, receipts and subscriptions. */
export function PortalButton(props: PortalButtonProps) {
  const { returnUrl, flow, subscription, children, className = "farebox-button" } = props;
  const { basePath } = useSettings();
  const common = useTexts("common", commonTexts);
  const texts = useTexts("plans", planTexts);
  const [isBusy, setIsBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const trouble = useTrouble("portal")(error);
  usePageShown(() => setIsBusy(false));

  async function open() {
    if (isBusy) return;
    setIsBusy(true);
    setError(null);
    try {
      const body = {
        returnUrl: absolute(returnUrl),
        ...(flow && { flow }),
        ...(subscription && { subscription }),
      };
      const { url } = await openPortal(basePath, body);
      location.assign(url);
    } catch (error) {
      setError(error);
      setIsBusy(false);
    }
  }

  return (
    <>
      {trouble && <Notice trouble={trouble} />}
      <button type="button" className={className} onClick={open} aria-disabled={isBusy}>
        {isBusy ? common.busy : (children ?? texts.portal)}
      </button>
    </>
  );
}
