// The recipe for guests in docs/auth.md, taken from the document and run: React's Strict Mode runs the effect of a first
// visit twice, and it is one guest with one payment.

import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { farebox, FOLDER, KEYS, next } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { launch, visit } from "./visitor.mjs";

const PAGE = `"use client";
import { useEffect, useState } from "react";

async function start() {
  localStorage.cart ??= crypto.randomUUID();
  const { token } = await fetch("/api/guest-token").then((response) => response.json());
  const started = await fetch("/api/create-intent", {
    method: "POST",
    headers: { Authorization: "Bearer " + token, "Idempotency-Key": localStorage.cart },
    body: JSON.stringify({ items: [{ price: "mug", quantity: 1 }] }),
  });
  return (await started.json()).orderId as string;
}

export default function Page() {
  const [orders, setOrders] = useState<string[]>([]);
  useEffect(() => {
    void start().then((id) => setOrders((before) => [...before, id]));
  }, []);
  return orders.map((id, index) => <p key={index}>{id}</p>);
}
`;
const LAYOUT = `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><head><title>Guest</title><link rel="icon" href="data:," /></head><body>{children}</body></html>;
}
`;

/** A Next.js app of the document's modules, in a folder in which its packages are found. */
async function app(origin) {
  const document = await readFile(new URL("../../../docs/auth.md", import.meta.url), "utf8");
  const module = (path) => document.match(new RegExp(`\`\`\`ts\\n// ${path}[^\\n]*\\n([^]*?)\`\`\``))?.[1];
  const files = {
    "lib/farebox.ts": module("lib/farebox\\.ts"),
    "proxy.ts": module("proxy\\.ts"),
    "app/api/guest-token/route.ts": module("app/api/guest-token/route\\.ts"),
    "app/layout.tsx": LAYOUT,
    "app/page.tsx": PAGE,
    "next.config.mjs": `export default {
      reactStrictMode: true,
      turbopack: { root: ${JSON.stringify(FOLDER)} },
      rewrites: async () => [{ source: "/api/create-intent", destination: "${origin}/api/create-intent" }],
    };`,
    "tsconfig.json": JSON.stringify({ compilerOptions: { strict: true, jsx: "react-jsx", moduleResolution: "bundler", paths: { "@/*": ["./*"] } } }),
  };
  const folder = await mkdtemp(join(FOLDER, ".recipe-"));
  for (const [path, text] of Object.entries(files)) {
    if (text === undefined) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

test("a guest whose first effect runs twice is one guest, with one order and one payment", async (t) => {
  const { origin, sandbox } = await farebox(t);
  const folder = await app(origin);
  const shop = await next(t, ["dev"], { NODE_ENV: "development", FAREBOX_SITE_KEY: KEYS.FAREBOX_SITE_KEY }, 0, folder);
  // Hooks run in this order: the server, which writes there, is stopped before.
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  const browser = await launch();
  t.after(() => browser.close());
  const { page } = await visit(t, browser, { shop, sandbox }, { patience: 180_000, expected: ["/_next/hmr"] });
  await page.goto("/");
  await page.locator("p").nth(1).waitFor();
  const [one, other] = await page.locator("p").allTextContents();
  assert.match(one, /^ord_/);
  assert.equal(other, one);
  assert.equal(await new Stripe(sandbox).total(), 1);
});
