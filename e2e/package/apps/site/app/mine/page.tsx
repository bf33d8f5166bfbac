import { farebox } from "@/lib/farebox";
import { answer } from "farebox";

/** The visitor's own order, which the query names. */
export default async function Mine({ searchParams }: { searchParams: Promise<{ id?: string }> }) {
  const { id = "" } = await searchParams;
  const query = { id };
  const order = await answer(farebox.client().GET("/api/order", { params: { query } }));
  return <p>Order {order.orderId} is {order.status}.</p>;
}
