// Sign-in with Auth.js. The session is an encrypted cookie that scripts cannot read. It contains
// the account, not the role: the role is looked up for each request, so that a lost role takes
// effect at once.

import NextAuth from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { accountOf, demoAccounts, newGuest } from "@/lib/accounts";
import { isTry } from "@/lib/settings";

export const { handlers, auth, signIn, signOut } = NextAuth({
  session: { strategy: "jwt", maxAge: 30 * 24 * 60 * 60 },
  pages: { signIn: "/sign-in" },
  // On a developer's machine Auth.js trusts the browser's Host header; elsewhere AUTH_URL is set.
  ...(isTry() && { trustHost: true }),
  providers: [
    Credentials({
      credentials: { account: {}, email: {} },
      authorize: ({ account, email }) =>
        account === "guest"
          ? newGuest(typeof email === "string" ? email.trim() : "")
          : (demoAccounts().find(({ id }) => id === account) ?? null),
    }),
  ],
  callbacks: {
    // `user` is set only at sign-in. A session without an account ends.
    jwt: ({ token, user }) => {
      const account = accountOf(user?.id ?? token.sub ?? "");
      const email = user ? user.email : token.email;
      return account ? { sub: account.id, ...(email && { email }) } : null;
    },
    session: ({ session, token }) => {
      const account = accountOf(token.sub ?? "");
      if (account)
        Object.assign(session.user, { id: account.id, name: account.name, role: account.role });
      return session;
    },
  },
});
