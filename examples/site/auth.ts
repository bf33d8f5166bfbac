// Sign-in with Auth.js. The session is an encrypted cookie that scripts cannot read; it holds who it is, and their role.

import NextAuth from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { demoAccounts, newGuest } from "@/lib/accounts";
import { isRole } from "@/lib/roles";
import { hasDemoAccounts } from "@/lib/settings";

export const { handlers, auth, signIn, signOut } = NextAuth({
  session: { strategy: "jwt", maxAge: 30 * 24 * 60 * 60 },
  pages: { signIn: "/sign-in" },
  providers: [
    Credentials({
      credentials: { account: {} },
      authorize: ({ account }) => {
        if (account === "guest") return newGuest();
        return (hasDemoAccounts() && demoAccounts().find(({ id }) => id === account)) || null;
      },
    }),
  ],
  callbacks: {
    // `user` is there when somebody signs in, and at no other time.
    jwt: ({ token, user }) => (user ? { ...token, sub: user.id ?? "", role: user.role } : token),
    session: ({ session, token }) => {
      if (token.sub) session.user.id = token.sub;
      if (isRole(token.role)) session.user.role = token.role;
      return session;
    },
  },
});
