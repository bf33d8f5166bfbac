// What the package publishes: its files, and the ways in which Node.js, bundlers and TypeScript
// find them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const PACKAGE = fileURLToPath(new URL("../../packages/farebox", import.meta.url));
const ATTW = fileURLToPath(new URL("node_modules/.bin/attw", import.meta.url));

const manifest = async () => JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8"));
const npmPack = (...words) =>
  execFileSync("npm", ["pack", "--ignore-scripts", ...words], { cwd: PACKAGE, encoding: "utf8" });

/** The package's files, as npm packs them. */
const packed = () => {
  const [{ files }] = JSON.parse(npmPack("--dry-run", "--json"));
  return files.map(({ path }) => path).sort();
};

test("the package has the compiled sources, the command, styles, and nothing else", () => {
  const tracked = ["ls-files", "--cached", "--others", "--exclude-standard", "--", "src"];
  const sources = execFileSync("git", tracked, { cwd: PACKAGE, encoding: "utf8" }).trim();
  const compiled = sources.split("\n").flatMap((path) => {
    const file = path.replace(/^src\//, "dist/").replace(/\.tsx?$/, "");
    return path.endsWith(".d.ts") ? [] : [`${file}.js`, `${file}.d.ts`];
  });
  const others = ["README.md", "bin/farebox.js", "package.json", "styles.css"];
  assert.deepEqual(packed(), [...compiled, ...others].sort());
});

test("every target of an export, an import and a command is a file of the package", async () => {
  const { exports, imports, bin } = await manifest();
  const targets = (one) => (typeof one === "string" ? [one] : Object.values(one).flatMap(targets));
  const all = [exports, imports, bin].flatMap(targets).map((path) => path.replace("./", ""));
  assert.ok(all.length > 10);
  const files = new Set(packed());
  for (const path of all) assert.ok(files.has(path), path);
});

test("publint finds nothing", async () => {
  const { messages } = await publint({ pkgDir: PACKAGE, strict: true });
  const pkg = await manifest();
  assert.deepEqual(messages.map((message) => formatMessage(message, pkg)), []);
});

test("TypeScript finds the types of every export, from a module and in a bundler", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "farebox-pack-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const name = npmPack("--silent", `--pack-destination=${folder}`).trim();
  // It fails for any problem of these ways; of CommonJS there is none without `import()`.
  const words = [join(folder, name), "--exclude-entrypoints", "react/styles.css"];
  words.push("--profile", "esm-only", "--format", "json");
  const { analysis } = JSON.parse(execFileSync(ATTW, words, { encoding: "utf8" }));
  const entries = Object.keys(analysis.entrypoints).sort();
  const { exports } = await manifest();
  const isModule = (name) => !/\.(json|css)$/.test(name);
  const expected = Object.keys(exports).filter(isModule);
  assert.deepEqual(entries.filter(isModule), expected.sort());
});
