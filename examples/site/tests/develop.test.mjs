// `npm run dev` beside `cargo dev`, as on a fresh clone: no setting is given, and React runs every effect twice.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { farebox, next } from "./processes.mjs";
import { Stripe } from "./stripe.mjs";
import { launch, visit } from "./visitor.mjs";

test("on a fresh clone the site finds what runs beside it, and two effects start one payment", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "farebox-site-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { origin, sandbox } = await farebox(t, { variables: { CARGO_TARGET_DIR: folder } });
  execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/session-secret.mjs", import.meta.url))]);
  const settings = join(folder, "dev", `farebox-${new URL(origin).port}.env`);
  const shop = await next(t, ["dev"], { NODE_ENV: "development", FAREBOX_DEV_SETTINGS: settings });

  const browser = await launch();
  t.after(() => browser.close());
  const visitor = await visit(t, browser, { shop, sandbox }, { patience: 60_000 });
  await visitor.signIn("Ada customer");
  await visitor.take("Harbour mug");
  await visitor.checkOut();
  assert.equal(await new Stripe(sandbox).total(), 1);
  await visitor.pay();
  await visitor.outcome("paid");
  assert.equal((await new Stripe(sandbox).charges(visitor.orderId())).length, 1);
});
