// The package's own manifest.

import { readFileSync } from "node:fs";

interface Manifest {
  version: string;
  /** The packages with the program, one for each platform of the release, which writes them. */
  optionalDependencies?: Record<string, string>;
  /** Where the source is; the release writes it. */
  repository?: { url: string };
}

/** Read at run time, since it stands outside of what is compiled. */
const manifest = (): Manifest =>
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** The version of this package, and of the program that fits it. */
export const version = (): string => manifest().version;

/** The platforms with a program, such as `linux-x64`; none in a checkout. */
export const platforms = (): string[] =>
  Object.keys(manifest().optionalDependencies ?? {}).map((name) => name.replace("@farebox/", ""));

/** The URL of the source's repository for git, if the release names one. */
export const repository = (): string | undefined =>
  manifest().repository?.url.replace(/^git\+/, "");
