// React hooks.

"use client";

import { useEffect, useSyncExternalStore } from "react";
import { cart } from "./cart";

/** The cart; `null` until hydration. */
export const useCart = () => useSyncExternalStore(cart.subscribe, cart.read, cart.initially);

/** Returns true while the browser is online. */
export const useIsOnline = () =>
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

/** Returns true in dark mode. */
export const useIsDark = () =>
  useSyncExternalStore(
    watchColours,
    () => DARK().matches,
    () => false,
  );

const DARK = () => matchMedia("(prefers-color-scheme: dark)");

function watchColours(listener: () => void): () => void {
  const dark = DARK();
  dark.addEventListener("change", listener);
  return () => dark.removeEventListener("change", listener);
}

/**
 * Loads the page anew when the back button brings it out of the browser's memory: it has not been
 * told how it went.
 */
export function useFreshPage(): void {
  useEffect(() => {
    const shown = (event: PageTransitionEvent) => event.persisted && location.reload();
    window.addEventListener("pageshow", shown);
    return () => window.removeEventListener("pageshow", shown);
  }, []);
}
