// The refunds of an order, for staff.

import type { Schemas } from "farebox";
import { money } from "@/lib/money";
import { REASONS, REFUND_STATES } from "@/lib/words";
import type { Staff } from "./find-order";
import { Moment } from "./order-line";

type Props = Pick<Staff, "names"> & { refunds: Schemas["RefundRecord"][]; currency: string };

/**
 * A table, whose rows become lists of their own on a small screen: each cell says what it holds.
 */
export function RefundTrail({ refunds, currency, names }: Props) {
  if (refunds.length === 0) return <p>No refund so far.</p>;
  return (
    <table aria-labelledby="trail" role="table">
      <thead role="rowgroup">
        <tr role="row">
          {HEADS.map((head) => (
            <th key={head} scope="col" role="columnheader">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {refunds.map((refund, index) => (
          <tr key={index} role="row" data-state={refund.status}>
            <td role="cell" data-head="When">
              {refund.requestedAt === null ? "—" : <Moment at={refund.requestedAt} />}
            </td>
            <td role="cell" data-head="Amount">
              {money(refund.amount, currency)}
            </td>
            <td role="cell" data-head="Why">
              {refund.reason === null ? "—" : REASONS[refund.reason]}
            </td>
            <td role="cell" data-head="State">
              {REFUND_STATES[refund.status]}
              {refund.refundId && <code>{refund.refundId}</code>}
            </td>
            <td role="cell" data-head="By">
              <By alias={refund.requestedBy} names={names} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const HEADS = ["When", "Amount", "Why", "State", "By"];

/** The author of a refund; Farebox knows them only by an alias. */
function By({ alias, names }: Pick<Staff, "names"> & { alias: string | null }) {
  if (alias === null) return "Not from this page";
  return (
    names[alias] ?? (
      <>
        Another account
        <code>{alias}</code>
      </>
    )
  );
}
