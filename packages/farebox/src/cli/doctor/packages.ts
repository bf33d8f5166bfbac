// Checks the versions of Node.js and of the packages that the site uses.

import { installedVersion, NEEDED } from "../packages.js";
import type { Site } from "../site.js";
import { ok, problem, unknown, type Finding } from "./finding.js";

/** The lowest version of Node.js. */
const NODE = [20, 12] as const;

export function checkPackages(site: Site): Finding[] {
  return [node(process.versions.node), ...NEEDED.map((needed) => checkOne(site, needed))];
}

function node(version: string): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > NODE[0] || (major === NODE[0] && minor >= NODE[1]);
  return isNew ? ok("node", version) : problem("node", `${version} is older than 20.12`);
}

function checkOne(site: Site, { name, major, below, isOptional }: (typeof NEEDED)[number]) {
  const version = installedVersion(site, name);
  if (version === undefined) {
    if (isOptional) return unknown(name, "is not installed: only card forms in a page need it");
    return problem(name, "is not installed");
  }
  const found = Number(version.split(".")[0]);
  if (found < major) return problem(name, `${version} is too old: farebox needs ${major} or later`);
  if (below !== undefined && found >= below)
    return unknown(name, `${version} is newer than this version of farebox knows`);
  return ok(name, version);
}
