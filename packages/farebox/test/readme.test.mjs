// The README shows the files that `npx farebox init` writes into a plain app.

import assert from "node:assert/strict";
import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runInit } from "../dist/cli/init.js";

test("the README shows the files that init writes into a plain app", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "farebox-readme-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const manifest = { dependencies: { next: "16.4.5", react: "19.3.1" } };
  const paths = { compilerOptions: { paths: { "@/*": ["./*"] } } };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(paths));
  await mkdir(join(folder, "app"));
  await writeFile(join(folder, "app", "page.tsx"), "");
  const log = t.mock.method(console, "log", () => {});
  assert.equal(await runInit(["--yes"], folder, async () => false), 0);
  log.mock.restore();

  const text = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```tsx?\n\/\/ (\S+)\n([^]*?)^```$/gm)];
  assert.equal(blocks.length, 3);
  for (const [, path, shown] of blocks)
    assert.equal(shown, await readFile(join(folder, path), "utf8"), path);
});
