// `npm run dev` beside `cargo dev`, as on a fresh clone: without settings, and with React's double
// effects.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AUTH_SECRET, farebox, Lifetime, next } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { close, launch, visit } from "./visitor.mjs";

/** The hot-reload connection, which fails when the site stops first. */
const HMR = "/_next/hmr";
/** A free port. */
const NOTHING = "http://127.0.0.1:9";

/** The folder of `cargo dev`'s files. */
async function target(t) {
  const folder = await mkdtemp(join(tmpdir(), "farebox-site-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test("beside `cargo dev` the built site takes payments with one setting", async (t) => {
  const folder = await target(t);
  // An old file of an ended process, newer than the running one's.
  const { sandbox } = await farebox(t, { variables: { CARGO_TARGET_DIR: folder } });
  const stale =
    "FAREBOX_ORIGIN=http://127.0.0.1:9\nFAREBOX_SITE_KEY=old\nFAREBOX_DEV_PID=4194305\n";
  await writeFile(join(folder, "dev", "farebox-4242.env"), stale);
  const shop = await next(t, ["start"], {
    NODE_ENV: "production",
    CARGO_TARGET_DIR: folder,
    AUTH_SECRET,
  });

  const browser = await launch();
  t.after(() => browser.close());
  const visitor = await visit(t, browser, { shop, sandbox });
  await visitor.signIn();
  await visitor.buyMug();
  await visitor.take("Small sticker");
  await visitor.checkOut();
  await visitor.page.getByLabel("On Stripe’s page").check();
  await visitor.button("Continue to Stripe").click();
  await visitor.page.getByRole("link", { name: "Cancel and go back to the shop" }).click();
  await visitor.formIsThere();
  assert.equal(new URL(visitor.page.url()).origin, shop);
});

test("a fresh clone says what to start, and two effects start one payment", async (t) => {
  // The browser's pages are closed before the servers end: the last one goes first.
  const lifetime = new Lifetime();
  t.after(() => lifetime.end());
  const folder = await target(lifetime);
  execFileSync(process.execPath, [
    fileURLToPath(new URL("../scripts/session-secret.mjs", import.meta.url)),
  ]);
  const shop = await next(lifetime, ["dev"], { NODE_ENV: "development", CARGO_TARGET_DIR: folder });

  const browser = await launch();
  lifetime.after(() => close(browser));
  const early = await visit(
    lifetime,
    browser,
    { shop, sandbox: NOTHING },
    { patience: 180_000, expected: ["503 (Service Unavailable)", HMR] },
  );
  await early.signIn();
  await early.take("Harbour mug");
  await early.page.goto("/checkout");
  await early.page.getByRole("alert").getByText("or `cargo dev`").waitFor();

  const { sandbox } = await farebox(lifetime, { variables: { CARGO_TARGET_DIR: folder } });
  const visitor = await visit(
    lifetime,
    browser,
    { shop, sandbox },
    { patience: 180_000, expected: [HMR] },
  );
  await visitor.signIn("Ada customer");
  await visitor.take("Harbour mug");
  await visitor.checkOut();
  assert.equal(await new Stripe(sandbox).total(), 1);
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal((await new Stripe(sandbox).charges(visitor.orderId())).length, 1);
});
