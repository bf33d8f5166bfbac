// `npx farebox init`: the files that it writes into sites of several kinds, and those that stay.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { diff } from "../dist/cli/diff.js";
import { runInit } from "../dist/cli/init.js";

const DEPENDENCIES = { next: "16.4.5", react: "19.3.1" };
const TYPESCRIPT = {
  "tsconfig.json": '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } } // and a comment',
};

/** A site with these files and dependencies. */
async function site(t, files, dependencies = {}) {
  const folder = await mkdtemp(join(tmpdir(), "farebox-init-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const manifest = { dependencies: { ...DEPENDENCIES, ...dependencies } };
  const all = { "package.json": JSON.stringify(manifest), ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return { folder, read: (path) => readFile(join(folder, path), "utf8") };
}

/** Runs it; returns the exit code, the output and the questions, which get `answer`. */
async function init(t, { folder }, words = ["--yes"], answer = true) {
  const output = [];
  const questions = [];
  const print = (text) => output.push(text);
  const mocks = ["log", "error"].map((name) => t.mock.method(console, name, print));
  const code = await runInit(words, folder, async (question) => {
    questions.push(question);
    return answer;
  });
  for (const mock of mocks) mock.mock.restore();
  return { code, output: output.join("\n"), questions };
}

test("a plain app gets its files once, and a second run changes nothing", async (t) => {
  const plain = await site(t, { ...TYPESCRIPT, "app/page.tsx": "" });
  const { code, output, questions } = await init(t, plain, []);
  assert.equal(code, 0);
  assert.deepEqual(questions, []);
  const created = output.match(/^created +(.*)$/gm).map((line) => line.split(/ +/)[1]);
  assert.deepEqual(created, [
    "lib/farebox.ts",
    "app/api/payments/[...path]/route.ts",
    "app/api/farebox/route.ts",
    "app/checkout/page.tsx",
    "app/thanks/page.tsx",
    ".env.example",
  ]);
  assert.match(output, /npm install farebox @stripe\/stripe-js @stripe\/react-stripe-js\n/);
  assert.match(await plain.read("app/api/farebox/route.ts"), /from "@\/lib\/farebox";/);
  const lib = await plain.read("lib/farebox.ts");
  assert.match(lib, /caller: async \(\) => null,/);
  assert.doesNotMatch(lib, /store/);

  const texts = await Promise.all(created.map(plain.read));
  const again = await init(t, plain);
  assert.equal(again.output.match(/^unchanged /gm).length, created.length);
  assert.deepEqual(await Promise.all(created.map(plain.read)), texts);
});

test("without a path alias modules are named by relative paths", async (t) => {
  const inSrc = await site(t, { "tsconfig.json": "{}", "src/app/page.tsx": "" });
  await init(t, inSrc);
  const route = await inSrc.read("src/app/api/payments/[...path]/route.ts");
  assert.match(route, /from "\.\.\/\.\.\/\.\.\/\.\.\/lib\/farebox";/);
  assert.ok(existsSync(join(inSrc.folder, "src/lib/farebox.ts")));

  const aliased = { "tsconfig.json": '{"compilerOptions":{"paths":{"@/*":["./src/*"]}}}' };
  const withAlias = await site(t, { ...aliased, "src/app/page.tsx": "" });
  await init(t, withAlias);
  assert.match(await withAlias.read("src/app/api/farebox/route.ts"), /from "@\/lib\/farebox";/);
});

test("an app in JavaScript gets JavaScript", async (t) => {
  const plain = await site(t, { "app/page.jsx": "" });
  const { output } = await init(t, plain);
  assert.match(output, /created +app\/checkout\/page\.jsx/);
  assert.doesNotMatch(output, /created .*\.tsx?$/m);
});

test("a site with the Pages Router alone gets handlers that read the raw body", async (t) => {
  const pages = await site(t, { ...TYPESCRIPT, "pages/index.tsx": "" });
  await init(t, pages);
  for (const path of ["pages/api/payments/[...path].ts", "pages/api/farebox.ts"])
    assert.match(await pages.read(path), /bodyParser: false/);
  assert.doesNotMatch(await pages.read("pages/thanks.tsx"), /use client/);
});

for (const [name, dependency, files, expected] of [
  ["Auth.js", "next-auth", { "auth.ts": "" }, /from "@\/auth";[^]*\(await auth\(\)\)\?\.user/],
  ["Better Auth", "better-auth", { "lib/auth.ts": "" }, /auth\.api\.getSession\(/],
  ["Clerk", "@clerk/nextjs", {}, /from "@clerk\/nextjs\/server";[^]*\{ id: userId \}/],
  ["Supabase", "@supabase/ssr", { "lib/supabase/server.ts": "" }, /"@\/lib\/supabase\/server"/],
]) {
  test(`the caller is the user of ${name}`, async (t) => {
    const all = { ...TYPESCRIPT, "app/page.tsx": "", ...files };
    const own = await site(t, all, { [dependency]: "1" });
    const { output } = await init(t, own);
    assert.match(await own.read("lib/farebox.ts"), expected);
    assert.match(output, new RegExp(`^Sign-in: ${name}\\.`));
  });
}

for (const [dependency, files, expected] of [
  ["drizzle-orm", { "db/index.ts": "export const db = 1;" }, /store: drizzleStore\(db\),/],
  ["@prisma/client", { "lib/prisma.ts": "export const prisma = 1" }, /: prismaStore\(prisma\),/],
  ["pg", { "lib/db.ts": "const pool = 1;\nexport { pool };" }, /store: pgStore\(pool\),/],
]) {
  test(`notifications are kept in the database of ${dependency}`, async (t) => {
    const all = { ...TYPESCRIPT, "app/page.tsx": "", ...files };
    const own = await site(t, all, { [dependency]: "1" });
    await init(t, own);
    const lib = await own.read("lib/farebox.ts");
    assert.match(lib, expected);
    const [file] = Object.keys(files);
    assert.match(lib, new RegExp(`from "@/${file.replace(/(\/index)?\.ts$/, "")}`));
  });
}

test("a module that is not found is named, and nothing is imported in its place", async (t) => {
  const dependencies = { "next-auth": "5", pg: "8" };
  const files = { ...TYPESCRIPT, "app/page.tsx": "", "lib/db.ts": "export const sql = 1;" };
  const own = await site(t, files, dependencies);
  const { output } = await init(t, own);
  assert.match(output, /note: Auth\.js: none of auth, lib\/auth, .* exists/);
  assert.match(output, /note: pg: no module that exports pool was found/);
  const lib = await own.read("lib/farebox.ts");
  assert.match(lib, /caller: async \(\) => null,/);
  assert.equal(lib.match(/^import/gm).length, 1);
});

test("a page of the site's own is replaced with consent alone, after its diff", async (t) => {
  const mine = "export default function Mine() {\n  return null;\n}\n";
  const page = "app/(shop)/checkout/page.tsx";
  const own = await site(t, { ...TYPESCRIPT, [page]: mine });

  const refused = await init(t, own, [], false);
  assert.deepEqual(refused.questions, [`Replace ${page}?`]);
  assert.match(refused.output, /^- export default function Mine\(\) \{$/m);
  assert.match(refused.output, /^\+ {7}<FareboxCheckout /m);
  assert.equal(await own.read(page), mine);

  const unattended = await init(t, own, ["--yes"]);
  assert.deepEqual(unattended.questions, []);
  assert.match(unattended.output, /1 of the files were not written/);
  assert.equal(await own.read(page), mine);
  assert.ok(!existsSync(join(own.folder, "app/checkout")));

  await init(t, own, [], true);
  assert.match(await own.read(page), /FareboxCheckout/);
});

test("--overwrite with --yes is consent to replace", async (t) => {
  const own = await site(t, { ...TYPESCRIPT, "app/thanks/page.tsx": "mine" });
  await init(t, own, ["--yes", "--overwrite"]);
  assert.match(await own.read("app/thanks/page.tsx"), /useOrder/);
});

test("files that use Farebox stay as the site has them", async (t) => {
  const lib = 'import { createFarebox } from "farebox/next";\nexport const mine = 1;\n';
  const route = 'import { farebox } from "@/lib/farebox";\nexport const mine = 1;\n';
  const files = { "lib/farebox.ts": lib, "app/api/farebox/route.ts": route };
  const own = await site(t, { ...TYPESCRIPT, ...files });
  await init(t, own, ["--yes", "--overwrite"]);
  assert.equal(await own.read("lib/farebox.ts"), lib);
  assert.equal(await own.read("app/api/farebox/route.ts"), route);
});

test("settings are added behind those that are there, and none twice", async (t) => {
  const before = "DATABASE_URL=postgres://shop\n# FAREBOX_SITE_KEY=\n\n\n";
  const own = await site(t, { ...TYPESCRIPT, "app/page.tsx": "", ".env.example": before });
  await init(t, own);
  const text = await own.read(".env.example");
  assert.ok(text.startsWith("DATABASE_URL=postgres://shop\n# FAREBOX_SITE_KEY=\n\n# The origin"));
  assert.equal(text.match(/FAREBOX_SITE_KEY=/g).length, 1);
  assert.equal(text.match(/^#FAREBOX_NOTIFY_SECRET=/gm).length, 1);
});

test("the packages are named in the words of the site's package manager", async (t) => {
  for (const [file, command] of [
    ["pnpm-lock.yaml", "pnpm add farebox "],
    ["yarn.lock", "yarn add farebox "],
    ["bun.lock", "bun add farebox "],
    ["package-lock.json", "npm install farebox "],
  ]) {
    const own = await site(t, { "app/page.tsx": "", [file]: "" });
    const { output } = await init(t, own);
    assert.ok(output.includes(`  ${command}`), `${file}: ${output}`);
  }
});

test("a folder that is no Next.js app is refused with the reason", async (t) => {
  const bare = await site(t, {});
  assert.match((await init(t, bare)).output, /has neither a folder app nor a folder pages/);
  await writeFile(join(bare.folder, "package.json"), "{}");
  const refused = await init(t, bare);
  assert.equal(refused.code, 1);
  assert.match(refused.output, /does not name next/);
  assert.equal((await init(t, bare, ["--force"])).code, 2);
});

test("a diff shows the changed lines, and two around them", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\n";
  const expected = "…\n  b\n  c\n- d\n+ D\n+ x\n  e\n  f\n…";
  assert.equal(diff(before, before.replace("d\n", "D\nx\n")), expected);
  assert.equal(diff("", "a\n"), "+ a");
});
