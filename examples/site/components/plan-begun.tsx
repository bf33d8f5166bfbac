// After the first payment of a plan: Farebox looks at Stripe, so that the guarded page opens at
// once, also when no event has arrived yet.

"use client";

import { useSubscriptions } from "farebox/react";
import Link from "next/link";

export function PlanBegun() {
  const { subscriptions, trouble } = useSubscriptions({ refresh: true });
  // Without an answer the links lead there all the same: each page asks by itself.
  if (!subscriptions && !trouble) return <span role="status">Opening the log…</span>;
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
