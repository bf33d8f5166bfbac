// React hooks that the components share.

"use client";

import { useEffect, useRef, useSyncExternalStore, type RefObject } from "react";

/** The latest value, for callbacks that outlive a render. */
export function useLatest<T>(value: T): RefObject<T> {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}

/** Calls `shown` when the back button brings the page out of the browser's memory. */
export function usePageShown(shown: () => void): void {
  const latest = useLatest(shown);
  useEffect(() => {
    const listener = (event: PageTransitionEvent) => event.persisted && latest.current();
    window.addEventListener("pageshow", listener);
    return () => window.removeEventListener("pageshow", listener);
  }, [latest]);
}

const query = () => matchMedia("(prefers-color-scheme: dark)");

function watchColours(listener: () => void): () => void {
  const dark = query();
  dark.addEventListener("change", listener);
  return () => dark.removeEventListener("change", listener);
}

/** Returns true while the system prefers dark colours. */
export const useIsDark = (): boolean =>
  useSyncExternalStore(
    watchColours,
    () => query().matches,
    () => false,
  );
