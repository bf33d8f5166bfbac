// The caller's plan.

import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { MyPlan } from "@/components/my-plan";
import { NeedsAccount } from "@/components/needs-account";
import { isStaff, isSubscriber } from "@/lib/roles";

export const metadata: Metadata = { title: "Your plan" };

interface Query {
  /** `stripe` where Stripe's pages lead back here. */
  from?: string | string[];
}

export default async function AccountPage({ searchParams }: { searchParams: Promise<Query> }) {
  const session = await auth();
  if (!session) redirect("/sign-in?to=/account");
  const role = session.user?.role;
  const isFresh = (await searchParams).from === "stripe";
  return (
    <div className="narrow">
      <h1>Your plan</h1>
      {isSubscriber(role) ? (
        <MyPlan isFresh={isFresh} />
      ) : isStaff(role) ? (
        <div className="empty">
          <p>Staff accounts have no plan. The staff page shows those of customers.</p>
          <Link className="button" href="/staff">
            To the staff page
          </Link>
        </div>
      ) : (
        <NeedsAccount to="/account" />
      )}
    </div>
  );
}
