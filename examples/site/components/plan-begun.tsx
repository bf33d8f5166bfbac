// After the first payment of a plan: Farebox looks at Stripe, so that the guarded page opens at
// once, also when no event has arrived yet.

"use client";

import Link from "next/link";
import { useEffect, useState } from "react";
import { readSubscriptions } from "@/lib/payments";

export function PlanBegun() {
  const [isLooked, setIsLooked] = useState(false);

  useEffect(() => {
    const ended = new AbortController();
    const looked = readSubscriptions({ refresh: true }, ended.signal).catch(() => null);
    // Without an answer the links lead there all the same: each page asks by itself.
    void looked.then(() => ended.signal.aborted || setIsLooked(true));
    return () => ended.abort();
  }, []);

  if (!isLooked) return <span role="status">Opening the log…</span>;
  return (
    <>
      <Link className="button" href="/log">
        Read the log
      </Link>
      <Link className="button quiet" href="/account">
        Your plan
      </Link>
    </>
  );
}
