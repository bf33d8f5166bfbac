// Who are you? The demo's accounts need no password, and a guest needs no account.

import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { auth, signIn } from "@/auth";
import { demoAccounts } from "@/lib/accounts";
import { hasDemoAccounts } from "@/lib/settings";

export const metadata: Metadata = { title: "Sign in" };

/** A path of this site's, else the shop: a link from elsewhere must not lead away after the sign-in. */
function ownPath(to: string | string[] | undefined): string {
  const here = "http://here.invalid";
  if (typeof to !== "string" || !to.startsWith("/") || !URL.canParse(to, here)) return "/";
  const url = new URL(to, here);
  return url.origin === here ? url.pathname + url.search : "/";
}

export default async function SignIn({ searchParams }: { searchParams: Promise<{ to?: string | string[] }> }) {
  const to = ownPath((await searchParams).to);
  if (await auth()) redirect(to);

  async function enter(form: FormData) {
    "use server";
    await signIn("credentials", { account: form.get("account"), redirectTo: to });
  }
  const accounts = hasDemoAccounts() ? demoAccounts() : [];
  return (
    <div className="narrow">
      <h1>Who is it?</h1>
      <form action={enter} className="accounts">
        <button name="account" value="guest">
          <b>Continue as a guest</b>
          <span>no account; your orders stay in this browser</span>
        </button>
        {accounts.map(({ id, name, role, what }) => (
          <button key={id} name="account" value={id} className="quiet">
            <b>
              {name} <em>{role}</em>
            </b>
            <span>{what}</span>
          </button>
        ))}
      </form>
      {accounts.length > 0 && <p className="small">These accounts are for the demo, and have no passwords.</p>}
    </div>
  );
}
