// `npm run dev` beside `cargo dev`, as on a fresh clone: no setting is given, and React runs every effect twice.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { farebox, freePort, next } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { launch, visit } from "./visitor.mjs";

/** Nothing listens there. */
const NOTHING = "http://127.0.0.1:9";

test("on a fresh clone the site says what to start, finds what runs beside it, and two effects start one payment", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "farebox-site-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/session-secret.mjs", import.meta.url))]);
  const settings = join(folder, "dev", `farebox-${port}.env`);
  const shop = await next(t, ["dev"], { NODE_ENV: "development", FAREBOX_DEV_SETTINGS: settings });

  const browser = await launch();
  t.after(() => browser.close());
  const early = await visit(t, browser, { shop, sandbox: NOTHING }, { patience: 180_000, expected: ["503 (Service Unavailable)"] });
  await early.signIn();
  await early.take("Harbour mug");
  await early.page.goto("/checkout");
  await early.page.getByRole("alert").getByText("Start them with cargo dev").waitFor();

  const { sandbox } = await farebox(t, { port, variables: { CARGO_TARGET_DIR: folder } });
  const visitor = await visit(t, browser, { shop, sandbox }, { patience: 180_000 });
  await visitor.signIn("Ada customer");
  await visitor.take("Harbour mug");
  await visitor.checkOut();
  assert.equal(await new Stripe(sandbox).total(), 1);
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal((await new Stripe(sandbox).charges(visitor.orderId())).length, 1);
});
