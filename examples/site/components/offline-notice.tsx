// The notice that the browser is offline.

"use client";

import { useIsOnline } from "@/lib/hooks";

export function OfflineNotice() {
  const isOnline = useIsOnline();
  return (
    <div role="status" className="offline" hidden={isOnline}>
      {isOnline
        ? ""
        : "You are offline. Your cart is saved. You can pay when you are online again."}
    </div>
  );
}
