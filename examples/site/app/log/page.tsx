// The harbour log: a page behind an entitlement. The server asks for it at each request, so that
// the page opens with the first payment, and closes when the plan ends.

import type { Metadata } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { auth } from "@/auth";
import { access } from "@/lib/access";
import { LOG } from "@/lib/harbour-log";
import { OPENS_THE_LOG } from "@/lib/plans";

export const metadata: Metadata = { title: "Harbour log" };

export default async function LogPage() {
  if (!(await auth())) redirect("/sign-in?to=/log");
  const state = await access(OPENS_THE_LOG);
  return (
    <div className="narrow" data-access={state}>
      <h1>Harbour log</h1>
      {state === "open" && <Log />}
      {state === "closed" && <Closed />}
      {state === "unknown" && <Unknown />}
    </div>
  );
}

function Log() {
  return (
    <>
      <ul className="orders">
        {LOG.map(({ day, wind, terns }) => (
          <li key={day} className="entry">
            <b>{day}</b>
            <span>Wind: {wind}</span>
            <span>{terns} terns</span>
          </li>
        ))}
      </ul>
      <p className="after">
        {/* A plain link: a file is no page. */}
        <a className="button quiet" href="/log/export" download="harbour-log.csv">
          Export as CSV
        </a>
      </p>
    </>
  );
}

function Closed() {
  return (
    <div className="empty">
      <p>The log is for readers with a plan. Your account has none that opens it at the moment.</p>
      <p className="after">
        <Link className="button" href="/pricing">
          See the plans
        </Link>
        <Link className="button quiet" href="/account">
          Your plan
        </Link>
      </p>
    </div>
  );
}

function Unknown() {
  return (
    <p className="farebox-notice" role="alert">
      We cannot check your plan at the moment, so the log stays closed. This says nothing about your
      plan or your payments: try again in a minute.
    </p>
  );
}
