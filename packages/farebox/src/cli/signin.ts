// Who signs users in, by package.json, and the code that reads the user.

import { join } from "node:path";
import type { Site } from "./site.js";

/** The part of lib/farebox.ts that names the caller. */
export interface SignIn {
  /** The library's name, for a person. */
  name: string;
  imports: string[];
  /** The value of the option `caller`. */
  caller: string;
}

interface Known {
  name: string;
  dependency: string;
  /** The site's modules that may have what is imported, relative to its sources. */
  modules?: string[];
  imports: (path: string) => string[];
  caller: string;
}

/** In the order in which they are looked for: the more special before what it is built on. */
const KNOWN: Known[] = [
  {
    name: "Clerk",
    dependency: "@clerk/nextjs",
    imports: () => ['import { auth } from "@clerk/nextjs/server";'],
    caller: `async () => {
    const { userId } = await auth();
    return userId ? { id: userId } : null;
  }`,
  },
  {
    name: "Better Auth",
    dependency: "better-auth",
    modules: ["lib/auth", "auth", "server/auth", "utils/auth", "app/auth"],
    imports: (path) => [
      'import { headers } from "next/headers";',
      `import { auth } from "${path}";`,
    ],
    caller: "async () => (await auth.api.getSession({ headers: await headers() }))?.user ?? null",
  },
  {
    name: "Auth.js",
    dependency: "next-auth",
    modules: ["auth", "lib/auth", "server/auth", "app/auth"],
    imports: (path) => [`import { auth } from "${path}";`],
    caller: "async () => (await auth())?.user ?? null",
  },
  {
    name: "Supabase",
    dependency: "@supabase/ssr",
    modules: ["lib/supabase/server", "utils/supabase/server"],
    imports: (path) => [`import { createClient } from "${path}";`],
    caller: "async () => (await (await createClient()).auth.getUser()).data.user",
  },
];

/** Every visitor is a guest. */
const NONE: SignIn = {
  name: "none",
  imports: [],
  caller: "async () => null",
};

/**
 * The sign-in of a site. `unknown` names a library whose module was not found: nobody reads its
 * user.
 */
export function signInOf(site: Site, importOf: (module: string) => string) {
  const known = KNOWN.find(({ dependency }) => site.has(dependency));
  if (!known) return { signIn: NONE };
  const { name, modules, imports, caller } = known;
  if (!modules) return { signIn: { name, imports: imports(""), caller } };
  // The module `auth` of Auth.js stands beside src or in it.
  const all = [...modules.map((module) => join(site.source, module)), ...modules];
  const found = all.find((module) => site.module(module));
  if (found === undefined) return { signIn: NONE, unknown: { name, modules, caller } };
  return { signIn: { name, imports: imports(importOf(found)), caller } };
}
