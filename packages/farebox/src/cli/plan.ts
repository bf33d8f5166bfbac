// What `farebox init` would write into a site.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { databaseOf } from "./database.js";
import { signInOf } from "./signin.js";
import { NOTIFICATIONS, PAYMENTS, type Site } from "./site.js";
import * as templates from "./templates.js";

/** A file of the plan. */
export interface Planned {
  /** Relative to the site's folder. */
  path: string;
  text: string;
  /** The text of today; undefined where there is no file. */
  before: string | undefined;
  /** True where today's file uses Farebox already, or has all lines: it stays. */
  isDone: boolean;
  /** True where the file keeps all of its lines. */
  adds: boolean;
}

export interface Plan {
  files: Planned[];
  /** What a person should know before they go on. */
  notes: string[];
  signIn: string;
  database: string | undefined;
}

/** The plan for a site, which has an App Router or a Pages Router. */
export function planOf(site: Site): Plan {
  const ending = isTypeScript(site) ? "ts" : "js";
  const libModule = join(site.source, "lib", "farebox");
  const importOf = (module: string, from: string) => importPath(site, module, from);
  const libFile = `${libModule}.${ending}`;
  const { signIn, unknown: noUser } = signInOf(site, (module) => importOf(module, libFile));
  const { database, unknown: noStore } = databaseOf(site, (module) => importOf(module, libFile));
  const notes = [...notFound(noUser, noStore)];
  const file = (path: string, text: string, isOurs: RegExp): Planned =>
    planned(site, path, text, isOurs);
  const isApp = site.app !== undefined;
  const folder = site.app ?? site.pages ?? join(site.source, "app");
  const route = (path: string) =>
    site.route(path)?.file ??
    (isApp ? join(folder, path, `route.${ending}`) : join(folder, `${path}.${ending}`));
  const page = (path: string) =>
    site.page(path) ??
    (isApp ? join(folder, path, `page.${ending}x`) : join(folder, `${path}.${ending}x`));
  const [payments, notifications] = isApp
    ? [templates.payments, templates.notifications]
    : [templates.pagesPayments, templates.pagesNotifications];
  const forward = route(PAYMENTS);
  const receive = route(NOTIFICATIONS);
  const uses = /\bfarebox\b/;
  const files = [
    file(
      site.module(libModule) ?? libFile,
      templates.lib({ signIn, database, notes }),
      /\bcreateFarebox\b/,
    ),
    file(forward, payments(importOf(libModule, forward)), uses),
    file(receive, notifications(importOf(libModule, receive), database), uses),
    file(page("checkout"), templates.checkout("/thanks"), uses),
    file(page("thanks"), templates.thanks(isApp), uses),
    exampleSettings(site),
  ];
  return { files, notes, signIn: signIn.name, database: database?.name };
}

/** Lines about a library whose module was not found. */
function* notFound(
  user: ReturnType<typeof signInOf>["unknown"],
  store: ReturnType<typeof databaseOf>["unknown"],
): Iterable<string> {
  if (user) {
    const { name, modules, caller } = user;
    yield `${name}: none of ${modules.join(", ")} exists. Import it, and set caller: ${caller}`;
  }
  if (store) {
    const { name, store: fn, from, variable } = store;
    yield `${name}: no module that exports ${variable} was found. Import it, and ${fn} of ` +
      `"${from}", and set store: ${fn}(${variable})`;
  }
}

function planned(site: Site, path: string, text: string, isOurs: RegExp): Planned {
  const full = join(site.root, path);
  const before = existsSync(full) ? readFileSync(full, "utf8") : undefined;
  return { path, text, before, isDone: before !== undefined && isOurs.test(before), adds: false };
}

/** .env.example, with those of the settings that it does not name yet. */
function exampleSettings(site: Site): Planned {
  const path = ".env.example";
  const full = join(site.root, path);
  const before = existsSync(full) ? readFileSync(full, "utf8") : undefined;
  const isNamed = (name: string) => new RegExp(`^#?\\s*${name}\\s*=`, "m").test(before ?? "");
  const missing = templates.SETTINGS.filter(({ name }) => !isNamed(name)).map(({ text }) => text);
  const kept = before === undefined || before === "" ? [] : [before.replace(/\n*$/, "\n")];
  return {
    path,
    before,
    text: [...kept, ...missing].join("\n"),
    isDone: missing.length === 0,
    adds: true,
  };
}

/** Whether the site is written in TypeScript. */
const isTypeScript = (site: Site) =>
  existsSync(join(site.root, "tsconfig.json")) || site.has("typescript");

/** How `from` imports a module of the site: by `@/` where the site has it for its sources. */
function importPath(site: Site, module: string, from: string): string {
  const configs = ["tsconfig.json", "jsconfig.json"].map((name) => join(site.root, name));
  const config = configs.find((path) => existsSync(path));
  const text = config ? readFileSync(config, "utf8") : "";
  const target = /"@\/\*"\s*:\s*\[\s*"(?:\.\/)?((?:[\w-]+\/)*)\*"/.exec(text)?.[1];
  const inTarget = target === undefined ? undefined : relative(target, module);
  if (inTarget !== undefined && !inTarget.startsWith(".."))
    return `@/${inTarget.split(sep).join(posix.sep)}`;
  const path = relative(dirname(from), module).split(sep).join(posix.sep);
  return path.startsWith(".") ? path : `./${path}`;
}
