// The caller's orders.

import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { MyOrders } from "@/components/my-orders";

export const metadata: Metadata = { title: "Your orders" };

export default async function OrdersPage() {
  const session = await auth();
  if (!session) redirect("/sign-in?to=/orders");
  return (
    <div className="narrow">
      <h1>Your orders</h1>
      <MyOrders isCustomer={session.user?.role === "customer"} />
    </div>
  );
}
