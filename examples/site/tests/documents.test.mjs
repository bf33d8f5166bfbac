// Runs the code of README.md and docs/integrate.md as a separate site: the compiler checks its
// types, and a browser pays on it. `OWN` has the files that the documents leave to the reader.
// Next.js runs in development mode, where React runs every effect twice.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { endpoint } from "../../../e2e/clients/program.mjs";
import { farebox, FOLDER, freePort, KEYS, Lifetime, next } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { CARDS, launch, visit } from "./visitor.mjs";

const DOCUMENTS = ["README.md", "docs/integrate.md"];
const lifetime = new Lifetime();
let browser, world, told, documented;

/** A document's files, by the path in their first line. */
async function shown(name) {
  const text = await readFile(new URL(`../../../${name}`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```tsx?\n(.*?)^```$/gms)].map(([, block]) => block);
  return blocks.map((block) => {
    const [, path] = block.match(/^\/\/ (\S+\.tsx?)\n/) ?? [];
    assert.ok(path, `${name} has code without a path:\n${block}`);
    return [path, block];
  });
}

/** The site's files that the documents leave out. */
const OWN = {
  "app/layout.tsx": `import type { ReactNode } from "react";
    export default ({ children }: { children: ReactNode }) => (
      <html lang="en"><body>{children}</body></html>
    );`,
  "lib/fulfil.ts": `export type Notification = { type: string; data: { orderId: string } };
    export const fulfilOnce = (id: string, message: Notification) =>
      fetch(process.env.FULFILMENT!, {
        method: "POST", headers: { id }, body: JSON.stringify(message),
      });`,
  "next.config.ts": `export default {
    turbopack: { root: ${JSON.stringify(FOLDER)} }, devIndicators: false,
  };`,
  "tsconfig.json": JSON.stringify({
    compilerOptions: {
      strict: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: true,
      noEmit: true,
      jsx: "react-jsx",
      target: "es2022",
      module: "esnext",
      moduleResolution: "bundler",
      esModuleInterop: true,
      types: ["node"],
      paths: { "@/*": ["./*"] },
    },
  }),
};

before(async () => {
  const files = (await Promise.all(DOCUMENTS.map(shown))).flat();
  documented = Object.fromEntries(files);
  assert.equal(Object.keys(documented).length, files.length, "two blocks are the same file");
  const folder = await mkdtemp(join(FOLDER, ".documents-"));
  lifetime.after(() =>
    rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }),
  );
  for (const [path, text] of Object.entries({ ...documented, ...OWN })) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  const tsc = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  const checked = spawnSync(process.execPath, [tsc, "--project", folder], { encoding: "utf8" });
  assert.equal(checked.status, 0, checked.stdout);
  const port = await freePort();
  const { origin, sandbox } = await farebox(lifetime, {
    variables: { FAREBOX_NOTIFY_URL: `http://127.0.0.1:${port}/api/notify` },
  });
  told = await endpoint(lifetime);
  const settings = { FAREBOX_ORIGIN: origin, FULFILMENT: told.url, NODE_ENV: "development" };
  const { FAREBOX_SITE_KEY, FAREBOX_NOTIFY_SECRET } = KEYS;
  const shop = await next(
    lifetime,
    ["dev"],
    { ...settings, FAREBOX_SITE_KEY, FAREBOX_NOTIFY_SECRET },
    port,
    folder,
  );
  world = { shop, sandbox };
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await lifetime.end();
});

/** A payer. A page is compiled at its first visit, and logs an error when the site stops first. */
const visitor = (t) => visit(t, browser, world, { patience: 180_000, expected: ["/_next/hmr"] });

/** Waits until the page shows the paid order, and the site's server fulfilled it. */
async function isPaid({ page }) {
  await page.getByText("Your order is paid.").waitFor();
  const orderId = new URL(page.url()).searchParams.get("order");
  const { headers } = await told.next(({ body }) => {
    const { type, data } = JSON.parse(body);
    return type === "order.paid" && data.orderId === orderId;
  });
  assert.match(headers.id, /^msg_/);
}

test("the README's two files sell a mug on hosted Checkout", async (t) => {
  const payer = await visitor(t);
  const { page } = payer;
  await page.goto("/buy");
  await payer.button("Buy a mug").click();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Card", { exact: true }).check();
  await page.getByLabel("Card number").fill(CARDS.good);
  await page.getByLabel("Expiry").fill("12/40");
  await page.getByLabel("Security code").fill("123");
  await payer.button(/^Pay /).click();
  await isPaid(payer);
});

test("the guide's checkout starts one payment by two effects, and takes it", async (t) => {
  const stripe = new Stripe(world.sandbox);
  const before = await stripe.total();
  const payer = await visitor(t);
  await payer.page.goto("/checkout");
  await payer.page.getByLabel("Card number").waitFor();
  assert.equal(await stripe.total(), before + 1);

  await payer.fillIn(CARDS.declined);
  await payer.button("Pay").click();
  await payer.page.getByRole("alert").filter({ hasText: "declined" }).waitFor();
  await payer.fillIn();
  await payer.button("Pay").click();
  await isPaid(payer);
});

test("a call without a guest's cookie and a forged notification are rejected", async () => {
  const stranger = await fetch(`${world.shop}/api/payments/order?id=o_1`);
  assert.equal(stranger.status, 401);
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": "1",
    "webhook-signature": "v1,AAAA",
  };
  const forged = await fetch(`${world.shop}/api/notify`, { method: "POST", headers, body: "{}" });
  assert.equal(forged.status, 400);
});

/** The exports of a documents' file, without types. */
function exported(path) {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(documented[path], { compilerOptions });
  const jose = import.meta.resolve("jose");
  const script = outputText.replace('from "jose"', `from ${JSON.stringify(jose)}`);
  return import(`data:text/javascript,${encodeURIComponent(script)}`);
}

test("a signed-in user is a customer, and a visitor without a cookie is nobody", async () => {
  const { caller } = await exported("lib/caller.ts");
  assert.deepEqual(caller({ id: "user-1" }, "6f1c"), { subject: "user-1", roles: ["customer"] });
  assert.deepEqual(caller({ id: "user-2", roles: ["finance"] }, undefined), {
    subject: "user-2",
    roles: ["finance"],
  });
  assert.deepEqual(caller(undefined, "6f1c"), { subject: "guest-6f1c", roles: ["guest"] });
  assert.equal(caller(undefined, undefined), null);
});

test("an order that the site signs is sold at its amount, to its payer alone", async () => {
  process.env.FAREBOX_SITE_KEY = KEYS.FAREBOX_SITE_KEY;
  const { signOrder } = await exported("lib/sign-order.ts");
  const order = { amount: 1999, currency: "eur", metadata: { cart: "c1" } };
  const start = async (orderId, subject) => {
    const body = JSON.stringify({ order: await signOrder({ ...order, orderId }, subject) });
    const headers = { cookie: "guest=6f1c", "content-type": "application/json" };
    const answer = await fetch(`${world.shop}/api/payments/create-intent`, {
      method: "POST",
      headers,
      body,
    });
    return { code: answer.status, body: await answer.json() };
  };
  const { code, body } = await start("web-1042", "guest-6f1c");
  assert.deepEqual([code, body.orderId, body.amount], [200, "web-1042", 1999]);
  const stolen = await start("web-1043", "guest-other");
  assert.deepEqual([stolen.code, stolen.body.error.code], [404, "not_found"]);
});
