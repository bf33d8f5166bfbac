// A subscription's state and facts, for its holder and for staff.

import type { Subscription } from "farebox/react";
import { money } from "@/lib/money";
import {
  missing,
  nextPayment,
  planName,
  planPrice,
  standing,
  standingLabel,
} from "@/lib/standing";
import { Moment } from "./order-line";

interface Props {
  subscription: Subscription;
  /** Staff see the id, and no link to pay. */
  isStaff?: boolean;
}

export function PlanHead({ subscription }: Pick<Props, "subscription">) {
  const { label, tone } = standingLabel(subscription);
  return (
    <header className="plan-head">
      <h2>{planName(subscription)}</h2>
      <span className="badge" data-tone={tone}>
        {label}
      </span>
    </header>
  );
}

export function PlanFacts({ subscription, isStaff = false }: Props) {
  const { id, hasScheduledChange, createdAt, latestInvoice } = subscription;
  const next = nextPayment(subscription);
  const open = missing(subscription);
  const price = planPrice(subscription);
  return (
    <>
      {!isStaff && <p>{standing(subscription)}</p>}
      {!isStaff && open && <Missing {...open} />}
      <dl className="facts">
        {isStaff && (
          <>
            <dt>Subscription</dt>
            <dd>{id}</dd>
            <dt>Stripe’s status</dt>
            <dd>{subscription.status}</dd>
          </>
        )}
        <dt>Price</dt>
        <dd>{price ? `${price}, before taxes and discounts` : "by Stripe’s invoice"}</dd>
        {next !== null && (
          <>
            <dt>Next payment</dt>
            <dd>
              <Moment at={next} />
            </dd>
          </>
        )}
        {hasScheduledChange && (
          <>
            <dt>Scheduled</dt>
            <dd>a change of the plan</dd>
          </>
        )}
        {latestInvoice && (
          <>
            <dt>Last invoice</dt>
            <dd>
              {money(latestInvoice.amountDue, latestInvoice.currency)},{" "}
              {INVOICES[latestInvoice.status] ?? latestInvoice.status}
            </dd>
          </>
        )}
        <dt>Since</dt>
        <dd>
          <Moment at={createdAt} />
        </dd>
      </dl>
    </>
  );
}

const INVOICES: Record<string, string> = {
  draft: "not final yet",
  open: "not paid",
  paid: "paid",
  uncollectible: "not collected",
  void: "void",
};

type Open = NonNullable<ReturnType<typeof missing>>;

function Missing({ amountDue, amountPaid, currency, hostedUrl, nextAttempt }: Open) {
  return (
    <div className="farebox-notice">
      <p>
        {money(amountDue - amountPaid, currency)} of the last invoice is not paid.
        {nextAttempt != null && (
          <>
            {" "}
            The card is tried again on <Moment at={nextAttempt} />.
          </>
        )}
      </p>
      {hostedUrl && (
        <p className="farebox-notice-foot">
          <a className="button" href={hostedUrl}>
            Pay the invoice
          </a>
        </p>
      )}
    </div>
  );
}
