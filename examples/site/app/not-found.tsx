// Nothing is there.

import type { Metadata } from "next";
import Link from "next/link";

export const metadata: Metadata = { title: "Not here" };

export default function NotFound() {
  return (
    <div className="narrow empty">
      <h1>Not here</h1>
      <p>There is no such page.</p>
      <Link className="button" href="/">
        To the shop
      </Link>
    </div>
  );
}
