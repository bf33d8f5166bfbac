// Navigation and sign-in state.

import type { User } from "next-auth";
import Link from "next/link";
import { signOut } from "@/auth";
import { isStaff, isSubscriber, type Role } from "@/lib/roles";
import { CartLink } from "./cart-link";
import { NavLink } from "./nav-link";

export function Header({ user }: { user: User | undefined }) {
  const role = user?.role;
  return (
    <header className="header">
      <Link className="brand" href="/">
        Tern
      </Link>
      <nav aria-label="Main">
        <NavLink href="/">Shop</NavLink>
        {isStaff(role) ? <NavLink href="/staff">Staff</NavLink> : <Buying role={role} />}
      </nav>
      {user ? <SignedIn name={user.name ?? "Guest"} /> : <NavLink href="/sign-in">Sign in</NavLink>}
    </header>
  );
}

function Buying({ role }: { role: Role | undefined }) {
  return (
    <>
      <NavLink href="/pricing">Plans</NavLink>
      {isSubscriber(role) && <NavLink href="/account">Your plan</NavLink>}
      <NavLink href="/orders">Orders</NavLink>
      <CartLink />
    </>
  );
}

function SignedIn({ name }: { name: string }) {
  async function leave() {
    "use server";
    await signOut({ redirectTo: "/" });
  }
  return (
    <form className="account" action={leave}>
      <span>{name}</span>
      <button className="quiet">Sign out</button>
    </form>
  );
}
