// The notice that the browser is offline.

"use client";

import { useSyncExternalStore } from "react";

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

/** Returns true while the browser is online. */
const useIsOnline = () =>
  useSyncExternalStore(
    watchNetwork,
    () => navigator.onLine,
    () => true,
  );

function watchNetwork(listener: () => void): () => void {
  for (const change of ["online", "offline"]) window.addEventListener(change, listener);
  return () => {
    for (const change of ["online", "offline"]) window.removeEventListener(change, listener);
  };
}
