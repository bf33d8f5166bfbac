// What a guest is told of plans: a guest has no customer at Stripe, whom a plan needs.

import { signOut } from "@/auth";

export function NeedsAccount({ to }: { to: string }) {
  async function leave() {
    "use server";
    await signOut({ redirectTo: `/sign-in?to=${encodeURIComponent(to)}` });
  }
  return (
    <form className="empty" action={leave}>
      <p>
        A plan needs an account, and you are here as a guest. After you sign out, this browser no
        longer shows the guest’s orders.
      </p>
      <button>Sign in with an account</button>
    </form>
  );
}
