import { farebox } from "@/lib/farebox";

/** An order that the site prices: for the visitor, or for whom staff name. */
export async function GET(request: Request) {
  const customer = new URL(request.url).searchParams.get("for");
  const order = { orderId: "web-1042", amount: 1999, currency: "usd" };
  return Response.json({
    order: await farebox.signOrder(order, customer ? { id: customer } : undefined),
  });
}
