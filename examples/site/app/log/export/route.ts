// The log as a file, behind the same entitlement as its page.

import { after } from "next/server";
import { access, type Access } from "@/lib/access";
import { caller } from "@/lib/farebox";
import { logCsv } from "@/lib/harbour-log";
import { OPENS_THE_LOG } from "@/lib/plans";
import { countExport } from "@/lib/usage";

const REFUSALS: Record<Exclude<Access, "open">, [status: number, text: string]> = {
  closed: [403, "This export needs a plan.\n"],
  unknown: [503, "Your plan cannot be checked at the moment. Try again in a minute.\n"],
};

export async function GET(): Promise<Response> {
  const state = await access(OPENS_THE_LOG);
  const headers = { "cache-control": "private, no-store" };
  if (state !== "open") {
    const [status, text] = REFUSALS[state];
    return new Response(text, { status, headers });
  }
  const reader = await caller();
  // After the response: a reader never waits for the count.
  if (reader) after(() => countExport(reader.id));
  return new Response(logCsv(), { headers: { ...headers, "content-type": "text/csv" } });
}
