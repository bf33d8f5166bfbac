// What a change of a plan costs, before it is made.

import { Notice, type Changing, type Preview } from "farebox/react";
import type { ReactNode } from "react";
import { money } from "@/lib/money";
import { day } from "@/lib/words";

/** `action` is the button that makes the change. */
export function Quote({ changing, action }: { changing: Changing; action: string }) {
  const { quoted, trouble, isBusy, make, leave } = changing;
  if (!quoted) return trouble && <Notice trouble={trouble} />;
  return (
    <section className="quote" aria-label="What the change costs">
      <Cost preview={quoted.preview} />
      {trouble && <Notice trouble={trouble} />}
      <p className="after">
        {/* The button that asked for it is gone, and with it the focus. */}
        <button type="button" autoFocus disabled={isBusy} onClick={make}>
          {isBusy ? "One moment…" : action}
        </button>
        <button type="button" className="quiet" disabled={isBusy} onClick={leave}>
          Back
        </button>
      </p>
    </section>
  );
}

function Cost({ preview: { currency, dueNow, next } }: { preview: Preview }) {
  return (
    <dl className="facts">
      <dt>Due now</dt>
      <dd data-due="now">
        {money(dueNow.amount, currency)}
        {dueNow.credit > 0 &&
          `; ${money(dueNow.credit, currency)} is kept for your next payments`}
        <Lines lines={dueNow.lines} currency={currency} />
      </dd>
      <dt>After that</dt>
      <dd data-due="next">
        {next ? money(next.amount, currency) : "no payment"}
        {next?.date != null && ` on ${day(next.date)}`}
      </dd>
    </dl>
  );
}

type LinesProps = { lines: Preview["dueNow"]["lines"]; currency: string };

function Lines({ lines, currency }: LinesProps): ReactNode {
  if (lines.length === 0) return null;
  return (
    <ul className="small">
      {lines.map(({ description, amount }, at) => (
        <li key={at}>
          {description ?? "Other"}: {money(amount, currency)}
        </li>
      ))}
    </ul>
  );
}
