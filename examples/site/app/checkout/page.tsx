// The checkout: on this page, or on hosted Checkout.

import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { Checkout } from "@/components/checkout";
import { buys } from "@/lib/roles";

export const metadata: Metadata = { title: "Checkout" };

export default async function CheckoutPage() {
  const session = await auth();
  if (!session) redirect("/sign-in?to=/checkout");
  return (
    <div className="page">
      <h1>Checkout</h1>
      {buys(session.user?.role) ? <Checkout /> : <StaffDoNotBuy />}
    </div>
  );
}

function StaffDoNotBuy() {
  return (
    <div className="empty">
      <p>Staff accounts manage orders, and cannot buy.</p>
      <Link className="button" href="/staff">
        To the staff page
      </Link>
    </div>
  );
}
