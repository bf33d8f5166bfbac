// Checks the site's settings: the environment, and the files that Next.js reads into it.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { readSecrets } from "../../notifications/verify.js";
import { isTry, origins, setting, SettingError, settings } from "../../server/settings.js";
import type { Site } from "../site.js";
import { ok, problem, type Finding } from "./finding.js";

/** The keys of Farebox that no browser and no repository may see. */
const SECRETS = ["FAREBOX_SITE_KEY", "FAREBOX_NOTIFY_SECRET"];
/** The beginning of the variables that Next.js compiles into the browser's code. */
const PUBLIC = "NEXT_PUBLIC_";

/** The files that Next.js reads, by rank. */
const files = (mode: "development" | "production") => [
  `.env.${mode}.local`,
  ".env.local",
  `.env.${mode}`,
  ".env",
];

/**
 * Reads the files into this process's environment, as Next.js does: what is set already stays.
 * Returns the file of each variable that came from one.
 */
export function loadEnvironment(
  site: Site,
  mode: "development" | "production",
): Map<string, string> {
  const from = new Map<string, string>();
  for (const file of files(mode)) {
    const path = join(site.root, file);
    if (!existsSync(path)) continue;
    for (const [name, value] of Object.entries(parseEnv(readFileSync(path, "utf8")))) {
      if (process.env[name] !== undefined || value === undefined) continue;
      process.env[name] = value;
      from.set(name, file);
    }
  }
  return from;
}

/** Checks the settings; `from` has the file of each variable that came from one. */
export function checkSettings(site: Site, from: Map<string, string>, isLive: boolean): Finding[] {
  return [...values(from, isLive), ...published(), ...committed(site)];
}

function* values(from: Map<string, string>, isLive: boolean): Iterable<Finding> {
  if (isTry() && isLive) {
    yield problem("FAREBOX_ORIGIN", "is not set: a deployment has no `farebox dev` to find");
    return;
  }
  const place = (name: string) => from.get(name) ?? origins();
  const checks: [string, () => string][] = [
    ["FAREBOX_ORIGIN", () => originIs(settings().origin, isLive)],
    ["FAREBOX_SITE_KEY", () => (settings(), "has the form of a key")],
    ["FAREBOX_NOTIFY_SECRET", () => (readSecrets(setting("FAREBOX_NOTIFY_SECRET")), "is a secret")],
  ];
  for (const [name, check] of checks) {
    try {
      yield ok(name, `${check()}, from ${place(name)}`);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      if (error.setting === name) yield problem(name, rest(error));
      // A later line has the setting that this error is of, but nothing works without an origin.
      if (error.setting === "FAREBOX_ORIGIN") return;
    }
  }
}

/** The error's text without the name that the line begins with. */
const rest = ({ message, setting }: SettingError) =>
  message.startsWith(`${setting} `) ? message.slice(setting.length + 1) : message;

function originIs(origin: string, isLive: boolean): string {
  const isPlain = origin.startsWith("http:");
  if (isLive && isPlain)
    throw new SettingError("FAREBOX_ORIGIN", "FAREBOX_ORIGIN must be https: tokens pass over it");
  return origin;
}

/** A key in a variable for the browser is in every page. */
function* published(): Iterable<Finding> {
  const names = Object.keys(process.env).filter((name) => name.startsWith(PUBLIC));
  for (const secret of SECRETS) {
    const value = process.env[secret];
    const open = names.filter((name) => name.endsWith(secret) || process.env[name] === value);
    const shown = open.filter((name) => process.env[name]);
    for (const name of shown)
      yield problem(name, `holds ${secret}, and Next.js puts it into every page: make a new key`);
  }
}

/** A key in a file that git knows is in the repository, and in its history. */
function* committed(site: Site): Iterable<Finding> {
  for (const file of tracked(site.root)) {
    const all = parseEnv(readFileSync(join(site.root, file), "utf8"));
    const held = SECRETS.filter((name) => (all[name] ?? "").replaceAll(/[.…]/g, "") !== "");
    const isExample = /example|sample|template/.test(file);
    if (held.length > 0 && !isExample)
      yield problem(file, `git tracks it, and it holds ${held.join(" and ")}: make new keys`);
  }
}

/** The files with settings that git tracks; none where there is no git. */
function tracked(folder: string): string[] {
  try {
    const listed = execFileSync("git", ["ls-files", "--", ".env*"], {
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return listed.split("\n").filter((file) => file !== "" && existsSync(join(folder, file)));
  } catch {
    return [];
  }
}
