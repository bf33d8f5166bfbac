// The site's database, by package.json, and the code that keeps notifications in it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Site } from "./site.js";

/** The part of lib/farebox.ts that names the store. */
export interface Database {
  /** The library's name, for a person. */
  name: string;
  imports: string[];
  /** The value of the option `store`. */
  store: string;
}

interface Known {
  name: string;
  dependency: string;
  /** The site's modules that may export `variable`, relative to its sources. */
  modules: string[];
  variable: string;
  store: string;
  from: string;
}

const MODULES = ["lib/db", "db", "db/index", "server/db", "server/db/index", "lib/database"];

const KNOWN: Known[] = [
  {
    name: "Drizzle",
    dependency: "drizzle-orm",
    modules: [...MODULES, "lib/drizzle", "drizzle", "db/drizzle", "lib/db/drizzle"],
    variable: "db",
    store: "drizzleStore",
    from: "farebox/stores/drizzle",
  },
  {
    name: "Prisma",
    dependency: "@prisma/client",
    modules: ["lib/prisma", "prisma", "server/prisma", ...MODULES],
    variable: "prisma",
    store: "prismaStore",
    from: "farebox/stores/prisma",
  },
  {
    name: "pg",
    dependency: "pg",
    modules: [...MODULES, "lib/pool", "lib/pg", "lib/postgres"],
    variable: "pool",
    store: "pgStore",
    from: "farebox/stores/pg",
  },
];

/**
 * The database of a site. `unknown` names a library whose module was not found, or which exports
 * another name.
 */
export function databaseOf(site: Site, importOf: (module: string) => string) {
  const known = KNOWN.find(({ dependency }) => site.has(dependency));
  if (!known) return {};
  const { name, modules, variable, store, from } = known;
  const all = [...modules.map((module) => join(site.source, module)), ...modules];
  const found = all.find((module) => {
    const file = site.module(module);
    return file && exportsIt(readFileSync(join(site.root, file), "utf8"), variable);
  });
  if (found === undefined) return { unknown: { name, store, from, variable } };
  return {
    database: {
      name,
      imports: [
        `import { ${store} } from "${from}";`,
        `import { ${variable} } from "${importOf(found)}";`,
      ],
      store: `${store}(${variable})`,
    } satisfies Database,
  };
}

const exportsIt = (text: string, name: string) =>
  new RegExp(`export (const|let|function) ${name}\\b|export \\{[^}]*\\b${name}\\b[^}]*\\}`).test(
    text,
  );
