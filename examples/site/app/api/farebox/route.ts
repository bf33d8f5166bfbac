// Farebox notifies the site here.

import { farebox } from "@/lib/farebox";
import { unwrap, wrap } from "@/lib/parcels";

export const POST = farebox.notifications({
  "order.paid": wrap,
  "order.refunded": (order, tx) => (order.status === "refunded" ? unwrap(order, tx) : undefined),
});
