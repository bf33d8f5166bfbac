import { farebox } from "@/lib/farebox";

/** An order that the site prices, for the visitor. */
export async function GET() {
  const order = { orderId: "web-1042", amount: 1999, currency: "usd" };
  return Response.json({ order: await farebox.signOrder(order) });
}
