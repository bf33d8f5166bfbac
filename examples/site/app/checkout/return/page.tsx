// The return page of a payment. The order decides the result; Stripe's query parameters only hint
// at it.

import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { ReturnView } from "@/components/return-view";
import { returnPath } from "@/lib/return-path";

export const metadata: Metadata = { title: "Your payment" };

interface Query {
  order?: string | string[];
  redirect_status?: string | string[];
}

export default async function ReturnPage({ searchParams }: { searchParams: Promise<Query> }) {
  const { order, redirect_status: outcome } = await searchParams;
  if (typeof order !== "string" || order === "") return <NoOrder />;
  if (!(await auth())) redirect(`/sign-in?to=${encodeURIComponent(returnPath(order))}`);
  return (
    <div className="narrow">
      <ReturnView
        orderId={order}
        hint={outcome === "failed" || outcome === "succeeded" ? outcome : null}
      />
    </div>
  );
}

function NoOrder() {
  return (
    <div className="narrow empty">
      <h1>No order</h1>
      <p>This URL contains no order.</p>
      <Link className="button" href="/orders">
        Your orders
      </Link>
    </div>
  );
}
