// `farebox dev`: the program's command, with notifications to the site in this folder.

import { runProgram } from "./program.js";
import { findSite, NOTIFICATIONS, type Site } from "./site.js";

/** Runs the program; where the site has a route for notifications, they go there. */
export function runDev(words: string[]): Promise<number> {
  return runProgram(["dev", ...words, ...notifySite(words)]);
}

/** The option that names the site's route, unless the developer names a destination. */
function notifySite(words: string[]): string[] {
  if (words.includes("--notify") || words.includes("--help") || words.includes("-h")) return [];
  if (process.env.FAREBOX_NOTIFY_URL) return [];
  const site = findSite(process.cwd());
  if (site?.route(NOTIFICATIONS) === undefined) return [];
  const url = `http://localhost:${portOf(site)}/${NOTIFICATIONS}`;
  console.log(`Notifications go to this site, at ${url} (--notify names another address).`);
  return ["--notify", url];
}

/** The port of `next dev`: of the script `dev`, else of `PORT`, else Next.js's own. */
export function portOf(site: Pick<Site, "manifest">): string {
  const script = site.manifest.scripts?.dev ?? "";
  const named = /\bnext dev\b.*?(?:--port[ =]|-p ?)(\d+)/.exec(script)?.[1];
  return named ?? (process.env.PORT || "3000");
}
