// The result of a request, in words. It takes the keyboard focus: the button that led to it may be
// gone.

"use client";

import { Notice, type Trouble } from "farebox/react";
import { useEffect, useRef } from "react";

export type Result = string | Trouble | null;

export function Told({ result }: { result: Result }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (result) place.current?.focus();
  }, [result]);
  if (!result) return null;
  return (
    <div ref={place} tabIndex={-1}>
      {typeof result === "string" ? (
        <p className="farebox-notice" data-tone="good" role="status">
          {result}
        </p>
      ) : (
        <Notice trouble={result} />
      )}
    </div>
  );
}
