// What an order costs, as rows of a list of facts.

import type { Order } from "farebox/react";
import { amountRows } from "@/lib/amounts";
import { money } from "@/lib/money";

export function Amounts({ order }: { order: Order }) {
  return amountRows(order).map(([label, amount], index, { length }) => (
    <div key={label} className="amount" data-part={index === length - 1 ? "total" : "part"}>
      <dt>{label}</dt>
      <dd>{money(amount, order.currency)}</dd>
    </div>
  ));
}
