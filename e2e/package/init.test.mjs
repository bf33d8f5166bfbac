// What `npx farebox init` writes compiles in each kind of site, with the types of the package and
// of the databases' own packages.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createApp } from "./minimal/app.mjs";

const TSC = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url));

const PG = 'import { Pool } from "pg";\n\nexport const pool = new Pool();\n';
const DRIZZLE = `import { drizzle } from "drizzle-orm/node-postgres";

export const db = drizzle("postgres:");
`;
/** What a library for sign-in exports, where these tests do not install it. */
const AUTH = {
  "auth.ts": `export const auth = async () =>
  null as { user?: { id?: string; name?: string | null; email?: string | null } } | null;
`,
};
const BETTER_AUTH = {
  "lib/auth.ts": `export const auth = {
  api: {
    getSession: async (_: { headers: Headers }) =>
      null as { user: { id: string; email: string; name: string } } | null,
  },
};
`,
};
const CLERK = {
  "clerk.d.ts": `declare module "@clerk/nextjs/server" {
  export function auth(): Promise<{ userId: string | null }>;
}
`,
};
const SUPABASE = {
  "lib/supabase/server.ts": `interface User {
  id: string;
  email?: string;
}

export const createClient = async () => ({
  auth: { getUser: async () => ({ data: { user: null as User | null } }) },
});
`,
};

const PAGES = {
  "app/layout.tsx": null,
  "app/page.tsx": null,
  "pages/index.tsx": "export default function Home() {\n  return <main>Hello</main>;\n}\n",
};
const LIBRARIES = { "better-auth": "1", "drizzle-orm": "0" };

for (const [name, files, dependencies] of [
  ["a plain app", {}, {}],
  ["Auth.js and pg", { ...AUTH, "lib/db.ts": PG }, { "next-auth": "5", pg: "8" }],
  ["Better Auth and Drizzle", { ...BETTER_AUTH, "db/index.ts": DRIZZLE }, LIBRARIES],
  ["the Pages Router", PAGES, {}],
  ["Clerk", CLERK, { "@clerk/nextjs": "7" }],
  ["Supabase", SUPABASE, { "@supabase/ssr": "0" }],
]) {
  test(`what init writes compiles for ${name}`, async (t) => {
    const app = await createApp(t, { files, dependencies });
    app.farebox(["init", "--yes"]);
    const ran = spawnSync(process.execPath, [TSC, "--noEmit"], {
      cwd: app.folder,
      encoding: "utf8",
    });
    assert.equal(ran.stdout, "");
    assert.equal(ran.status, 0);
  });
}
