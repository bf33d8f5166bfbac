// The staff page: lists, finds, captures, cancels and refunds orders.

import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { FindOrder } from "@/components/find-order";
import { FindPlans } from "@/components/find-plans";
import { staffNames } from "@/lib/accounts";
import { changesOrders, isStaff } from "@/lib/roles";

export const metadata: Metadata = { title: "Staff" };

export default async function StaffPage() {
  const session = await auth();
  if (!session) redirect("/sign-in?to=/staff");
  const { id = "", role } = session.user ?? {};
  return (
    <div className="page">
      <h1>Orders</h1>
      {isStaff(role) ? (
        <>
          <FindOrder account={id} mayChange={changesOrders(role)} names={staffNames()} />
          <FindPlans mayChange={changesOrders(role)} />
        </>
      ) : (
        <NotForYou />
      )}
    </div>
  );
}

/** The functions check permissions themselves; the page only avoids a failing request. */
function NotForYou() {
  return (
    <div className="empty">
      <p>This page is for staff. Your account has no access.</p>
      <Link className="button" href="/">
        To the shop
      </Link>
    </div>
  );
}
