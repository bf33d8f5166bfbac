// The return page of a payment. The order decides the result, and this site's own database whether
// its goods are being wrapped.

import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { ReturnView } from "@/components/return-view";
import { isWrapped } from "@/lib/parcels";
import { returnPath } from "@/lib/return-path";

export const metadata: Metadata = { title: "Your payment" };

interface Query {
  order?: string | string[];
}

export default async function ReturnPage({ searchParams }: { searchParams: Promise<Query> }) {
  const { order } = await searchParams;
  if (typeof order !== "string" || order === "") return <NoOrder />;
  const session = await auth();
  if (!session) redirect(`/sign-in?to=${encodeURIComponent(returnPath(order))}`);
  return (
    <div className="narrow">
      <ReturnView orderId={order} isWrapped={await isWrapped(order, session.user?.id ?? "")} />
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
