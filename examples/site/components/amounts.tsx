// What an order costs, as rows of a list of facts.

import { amountRows } from "@/lib/amounts";
import { money } from "@/lib/money";
import type { Order } from "@/lib/payments";

export function Amounts({ order }: { order: Order }) {
  return amountRows(order).map(([label, amount], index, { length }) => (
    <div key={label} className="amount" data-part={index === length - 1 ? "total" : "part"}>
      <dt>{label}</dt>
      <dd>{money(amount, order.currency)}</dd>
    </div>
  ));
}
