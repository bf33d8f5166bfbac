// Checks the site's own files: the routes, and the store of notifications.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NOTIFICATIONS, PAYMENTS, type Route, type Site } from "../site.js";
import { ok, problem, unknown, type Finding } from "./finding.js";

/** The modules in which `createFarebox` usually stands, relative to the site's sources. */
const LIBRARIES = ["lib/farebox", "farebox", "server/farebox", "utils/farebox"];

export function checkFiles(site: Site, isLive: boolean): Finding[] {
  return [
    route(site, PAYMENTS, "forwards to Farebox"),
    route(site, NOTIFICATIONS, "receives notifications"),
    ...store(site, isLive),
  ];
}

function route(site: Site, path: string, does: string): Finding {
  const found = site.route(path);
  if (!found) return problem(path, "there is no such route: `npx farebox init` writes it");
  const text = readFileSync(join(site.root, found.file), "utf8");
  if (!/\bfarebox\b/.test(text)) return problem(found.file, "does not use farebox");
  if (found.router === "pages" && !hasRawBody(text))
    return problem(found.file, "needs `export const config = { api: { bodyParser: false } }`");
  if (found.router === "app" && exported(found, text).length === 0)
    return problem(found.file, "exports neither GET nor POST");
  return ok(found.file, does);
}

const hasRawBody = (text: string) => /bodyParser\s*:\s*false/.test(text);

const exported = (_: Route, text: string) => text.match(/\bexport\b[^;]*\b(GET|POST)\b/g) ?? [];

/** Without a store, production answers each notification with an error. */
function* store(site: Site, isLive: boolean): Iterable<Finding> {
  const modules = LIBRARIES.flatMap((name) => [join(site.source, name), name]);
  const file = modules.map((name) => site.module(name)).find((found) => found !== undefined);
  const text = file && readFileSync(join(site.root, file), "utf8");
  if (!text || !/\bcreateFarebox\b/.test(text)) {
    yield unknown("createFarebox", `was not found in ${LIBRARIES.join(", ")}`);
    return;
  }
  const code = text.replaceAll(/^\s*\/\/.*$/gm, "");
  if (/\bmemoryStore\s*\(/.test(code))
    yield unknown(file, "memoryStore() forgets at each start which notifications were handled");
  else if (/\bstore\b/.test(code)) yield ok(file, "notifications are handled once, by its store");
  else {
    const text = "has no `store`: production refuses notifications without one";
    yield isLive ? problem(file, text) : unknown(file, text);
  }
}
