// Says that the network is gone.

"use client";

import { useIsOnline } from "@/lib/hooks";

export function OfflineNotice() {
  const isOnline = useIsOnline();
  return (
    <div role="status" className="offline" hidden={isOnline}>
      {isOnline ? "" : "You are offline. Your cart is kept; paying has to wait."}
    </div>
  );
}
