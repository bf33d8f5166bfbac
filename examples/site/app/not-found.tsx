// The 404 page.

import type { Metadata } from "next";
import Link from "next/link";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <div className="narrow empty">
      <h1>Not found</h1>
      <p>This page does not exist.</p>
      <Link className="button" href="/">
        To the shop
      </Link>
    </div>
  );
}
