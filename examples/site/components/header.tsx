// Navigation and sign-in state.

import type { User } from "next-auth";
import Link from "next/link";
import { signOut } from "@/auth";
import { isStaff } from "@/lib/roles";
import { CartLink } from "./cart-link";
import { NavLink } from "./nav-link";

export function Header({ user }: { user: User | undefined }) {
  return (
    <header className="header">
      <Link className="brand" href="/">
        Tern
      </Link>
      <nav aria-label="Main">
        <NavLink href="/">Shop</NavLink>
        {isStaff(user?.role) ? <NavLink href="/staff">Staff</NavLink> : <Buying />}
      </nav>
      {user ? <SignedIn name={user.name ?? "Guest"} /> : <NavLink href="/sign-in">Sign in</NavLink>}
    </header>
  );
}

function Buying() {
  return (
    <>
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
