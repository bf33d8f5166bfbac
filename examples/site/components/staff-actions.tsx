// What staff can do with an order, by its state: capture, cancel, or refund.

import { RefundForm, type Order } from "farebox/react";
import type { ReactNode } from "react";
import { isCancelableByStaff } from "@/lib/cancelable";
import { money } from "@/lib/money";
import { CancelOrder } from "./cancel-order";
import { CaptureForm } from "./capture-form";
import type { Staff } from "./find-order";
import { Moment } from "./order-line";
import type { Result } from "./told";

interface Props extends Pick<Staff, "account" | "mayChange"> {
  order: Order;
  /** Called after a refund. */
  changed: () => Promise<void>;
  /** Called after a capture or a cancellation. */
  done: (result: Result) => Promise<void>;
}

export function StaffActions({ order, account, mayChange, changed, done }: Props) {
  const { status, amount, refundedAmount, paidAt } = order;
  const pending = order.refundPendingAmount;
  const left = paidAt === null ? 0 : amount - refundedAmount - pending;
  const isCancelable = isCancelableByStaff(order);
  return (
    <div className="summary">
      {status === "authorized" && (
        <Action name="Capture" mayChange={mayChange} about={held(order)}>
          <CaptureForm order={order} done={done} />
        </Action>
      )}
      {isCancelable && (
        <Action name="Cancel" mayChange={mayChange} about={CANCELING[status]}>
          <CancelOrder order={order} isStaff done={done} />
        </Action>
      )}
      {!isCancelable && (
        <Action name="Refund" mayChange={mayChange}>
          {left === 0 && (
            <p>
              {paidAt === null
                ? `Nothing was paid${status === "canceled" ? "" : " yet"}.`
                : pending
                  ? "A refund of all that is left is pending."
                  : "All of it was refunded."}
            </p>
          )}
          {left > 0 && <RefundForm order={order} account={account} onDone={changed} />}
        </Action>
      )}
    </div>
  );
}

interface ActionProps {
  name: "Capture" | "Cancel" | "Refund";
  mayChange: boolean;
  about?: ReactNode;
  children: ReactNode;
}

function Action({ name, mayChange, about, children }: ActionProps) {
  const verb = name.toLowerCase();
  return (
    <section className="action" aria-labelledby={verb}>
      <h3 id={verb}>{name}</h3>
      {about && <p>{about}</p>}
      {mayChange ? (
        children
      ) : (
        <p>Your account can read orders. Only the finance role can {verb}.</p>
      )}
    </section>
  );
}

/** What an authorized order waits for. */
const held = ({ amount, currency, capturableUntil }: Order) => (
  <>
    {money(amount, currency)} is held
    {capturableUntil !== undefined && (
      <>
        , and can be captured until <Moment at={capturableUntil} />
      </>
    )}
    . It is captured once: the rest is released to the customer.
  </>
);

const CANCELING: Partial<Record<Order["status"], string>> = {
  authorized: "Releases all of it to the customer, in place of a capture.",
  expired: "The customer can still pay this order anew, unless it is canceled.",
};
