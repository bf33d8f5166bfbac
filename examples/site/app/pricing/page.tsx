// The plans.

import type { Metadata } from "next";
import { auth } from "@/auth";
import { NeedsAccount } from "@/components/needs-account";
import { Plans, type Reader } from "@/components/plans";
import { isStaff, isSubscriber, type Role } from "@/lib/roles";
import { trialDays } from "@/lib/settings";

export const metadata: Metadata = { title: "Plans" };

export default async function PricingPage() {
  const session = await auth();
  return (
    <div className="page">
      <h1>Read the harbour log</h1>
      <Plans
        reader={session ? readerOf(session.user?.role) : "nobody"}
        trialDays={trialDays()}
        forGuests={<NeedsAccount to="/pricing" />}
      />
    </div>
  );
}

const readerOf = (role: Role | undefined): Reader =>
  isSubscriber(role) ? "subscriber" : isStaff(role) ? "staff" : "guest";
