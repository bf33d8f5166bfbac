// The compiler checks the code of README.md, docs/integrate.md and docs/recipes.md, as files of a
// site with the libraries that they name.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));

/** A site's modules that the documents leave to it. */
const OWN = {
  "auth.ts": `import NextAuth from "next-auth";
    export const { auth, handlers } = NextAuth({ providers: [] });`,
  "lib/auth.ts": `import { betterAuth } from "better-auth";
    export const auth = betterAuth({});`,
  "lib/prisma.ts": `import type { PrismaClientLike } from "farebox/stores/prisma";
    export declare const prisma: PrismaClientLike;`,
  "lib/supabase/server.ts": `import { createServerClient } from "@supabase/ssr";
    import { cookies } from "next/headers";
    export const createClient = async () => {
      const kept = await cookies();
      const { SUPABASE_URL = "", SUPABASE_KEY = "" } = process.env;
      return createServerClient(SUPABASE_URL, SUPABASE_KEY, {
        cookies: { getAll: () => kept.getAll(), setAll: () => {} },
      });
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

/** The files that a document shows, in sites: a path that comes again begins the next one. */
async function sitesOf(name) {
  const text = await readFile(new URL(`../../${name}`, import.meta.url), "utf8");
  const sites = [{}];
  for (const [, block] of text.matchAll(/^```tsx?\n(.*?)^```$/gms)) {
    const [, path] = block.match(/^\/\/ (\S+\.tsx?)\n/) ?? [];
    assert.ok(path, `${name} has code without a path:\n${block}`);
    if (path in sites.at(-1)) sites.push({});
    sites.at(-1)[path] = block;
  }
  return sites;
}

/** Checks sites in one run of the compiler: they share what no document shows. */
function check(folder) {
  const tsc = join(FOLDER, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--project", folder], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout);
}

for (const name of ["README.md", "docs/integrate.md", "docs/recipes.md"])
  test(`the code of ${name} fits the package and the libraries that it names`, async (t) => {
    const sites = await sitesOf(name);
    assert.ok(Object.keys(sites[0]).length > 0);
    // What a document builds on without showing it: the last file of each path that it shows.
    const shared = Object.assign({}, ...sites);
    for (const files of sites) {
      const folder = await mkdtemp(join(FOLDER, ".documents-"));
      t.after(() => rm(folder, { recursive: true, force: true }));
      for (const [path, text] of Object.entries({ ...OWN, ...shared, ...files })) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      check(folder);
    }
  });
