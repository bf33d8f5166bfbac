// The sign-in page. The demo accounts need no password, and a guest needs no account.

import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { auth, signIn } from "@/auth";
import { demoAccounts } from "@/lib/accounts";
import { ownPath } from "@/lib/own-path";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignIn({
  searchParams,
}: {
  searchParams: Promise<{ to?: string | string[] }>;
}) {
  const to = ownPath((await searchParams).to);
  if (await auth()) redirect(to);

  async function enter(form: FormData) {
    "use server";
    const [account, email] = [form.get("account"), form.get("email") ?? ""];
    await signIn("credentials", { account, email, redirectTo: to });
  }
  const accounts = demoAccounts();
  return (
    <div className="narrow">
      <h1>Sign in</h1>
      <form action={enter} className="accounts">
        <label htmlFor="email">E-mail for your receipt, if you want one</label>
        <input id="email" name="email" type="email" maxLength={254} autoComplete="email" />
        <button name="account" value="guest">
          <b>Continue as a guest</b>
          <span>no account; your orders stay in this browser</span>
        </button>
      </form>
      <form action={enter} className="accounts">
        {accounts.map(({ id, name, role, what }) => (
          <button key={id} name="account" value={id} className="quiet">
            <b>
              {name} <em>{role}</em>
            </b>
            <span>{what}</span>
          </button>
        ))}
      </form>
      {accounts.length > 0 && (
        <p className="small">These accounts are for the demo, and have no passwords.</p>
      )}
    </div>
  );
}
