// Opens the customer portal.

"use client";

import { useState } from "react";
import { useFreshPage } from "@/lib/hooks";
import { openPortal } from "@/lib/payments";
import { trouble, type Trouble } from "@/lib/words";
import { Notice } from "./notice";

/** `path` is the page of this site to which the portal links back. */
export function PortalButton({ path }: { path: string }) {
  const [isBusy, setIsBusy] = useState(false);
  const [wrong, setWrong] = useState<Trouble | null>(null);
  useFreshPage();

  async function leave() {
    setIsBusy(true);
    setWrong(null);
    try {
      const { url } = await openPortal(location.origin + path);
      location.assign(url);
    } catch (error) {
      setWrong(trouble(error, "portal"));
      setIsBusy(false);
    }
  }

  return (
    <div className="portal">
      {wrong && <Notice trouble={wrong} />}
      <button type="button" className="quiet" onClick={leave} disabled={isBusy}>
        {isBusy ? "One moment…" : "Cards and receipts"}
      </button>
    </div>
  );
}
