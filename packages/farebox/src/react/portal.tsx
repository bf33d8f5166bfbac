// The way to the customer portal.

"use client";

import type { ReactNode } from "react";
import type { Schemas } from "../index.js";
import { useSettings, useTexts } from "./context.js";
import { LeaveButton, useLeaving } from "./leave.js";
import { openPortal } from "./requests.js";
import { absolute } from "./return-url.js";
import { planTexts } from "./texts-plans.js";

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
  const texts = useTexts("plans", planTexts);
  const leaving = useLeaving("portal", async () => {
    const body = {
      returnUrl: absolute(returnUrl),
      ...(flow && { flow }),
      ...(subscription && { subscription }),
    };
    const { url } = await openPortal(basePath, body);
    location.assign(url);
    return true;
  });
  return (
    <LeaveButton leaving={leaving} className={className}>
      {children ?? texts.portal}
    </LeaveButton>
  );
}
