"use client";
import { createFarebox } from "farebox/next";

/** A page in the browser, which must not have the site's key. */
export default function Page() {
  return <p>{typeof createFarebox({ caller: () => null })}</p>;
}
