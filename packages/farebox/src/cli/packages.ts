// The packages that a site with Farebox needs, and the versions that fit.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { PackageManager, Site } from "./site.js";

/** A package, and the major versions that fit: from `major`, and less than `below`. */
interface Needed {
  name: string;
  major: number;
  below?: number;
  /** True where a site without a card form of its own does without it. */
  isOptional?: boolean;
}

/** The packages of a site with Farebox. */
export const NEEDED: readonly Needed[] = [
  { name: "farebox", major: 0 },
  { name: "next", major: 15, below: 17 },
  { name: "react", major: 19, below: 20 },
  { name: "@stripe/stripe-js", major: 10, isOptional: true },
  { name: "@stripe/react-stripe-js", major: 7, isOptional: true },
];

/** The needed packages that package.json does not name. */
export const missingPackages = (site: Site): string[] =>
  NEEDED.map(({ name }) => name).filter((name) => !site.has(name));

/** The command that adds packages to a site. */
export function installCommand(manager: PackageManager, packages: string[]): string[] {
  return [manager, manager === "npm" ? "install" : "add", ...packages];
}

/** The version of a package as the site's own code finds it; undefined where it does not. */
export function installedVersion(site: Site, name: string): string | undefined {
  const require = createRequire(join(site.root, "package.json"));
  // Not every package exports its manifest, so it is looked for where Node looks.
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")).version;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}
