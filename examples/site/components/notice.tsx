// An error message and its remedy.

import type { ReactNode } from "react";
import type { Trouble } from "@/lib/words";

export function Notice({
  trouble,
  again,
  children,
}: {
  trouble: Trouble;
  again?: () => void;
  children?: ReactNode;
}) {
  return (
    <div className="notice" role="alert" data-code={trouble.code}>
      <p>{trouble.text}</p>
      {trouble.isUnreachable && process.env.NODE_ENV === "development" && (
        <p>
          The functions are not reachable. Start them with <code>cargo dev</code>, in
          the folder above this example.
        </p>
      )}
      {children}
      <p className="notice-foot">
        {again && (
          <button type="button" onClick={again}>
            Try again
          </button>
        )}
        <small>{trouble.code}</small>
      </p>
    </div>
  );
}
