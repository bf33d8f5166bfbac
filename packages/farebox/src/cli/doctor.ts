// `farebox doctor`: checks a site and, where their settings are here too, the functions behind it.

import { checkFiles } from "./doctor/files.js";
import { line, type Finding } from "./doctor/finding.js";
import { checkFunctions } from "./doctor/functions.js";
import { checkLive } from "./doctor/live.js";
import { checkPackages } from "./doctor/packages.js";
import { checkSettings, loadEnvironment } from "./doctor/settings.js";
import { portOf } from "./dev.js";
import { runProgram } from "./program.js";
import { findSite, type Site } from "./site.js";

const USAGE = `\
farebox doctor [--site URL] [--url URL]

Checks the Next.js site in this folder: versions, settings, routes, the running site, its guest
cookie, its Content-Security-Policy, its notification route, and whether Farebox accepts its tokens.
It pays nothing, changes nothing, and shows no key. It exits with 1 when there is a problem.

Where the environment or the site's files have FAREBOX_NOTIFY_URL or FAREBOX_SECRET_ID, which are
settings of the functions, or with --url, the program's doctor checks these as well.

  --site URL  the running site; by default the one of \`next dev\`. An https URL is checked as
              production: with its settings, a store and its own keys
  --url URL   the public URL of Stripe's webhook, to find its endpoint in Stripe
  --help      show this`;

/** Settings that only the functions have. */
const OF_FUNCTIONS = ["FAREBOX_NOTIFY_URL", "FAREBOX_SECRET_ID"];

interface Options {
  site?: string;
  url?: string;
}

/** Runs it; resolves with the exit code. */
export async function runDoctor(words: string[]): Promise<number> {
  if (words.includes("--help") || words.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const options = parse(words);
  if (typeof options === "string") {
    console.error(`error: ${options}\n\n${USAGE}`);
    return 2;
  }
  const site = findSite(process.cwd());
  const ofProgram = ["doctor", ...(options.url ? ["--url", options.url] : [])];
  // A folder without a site is that of a deployment, or of Farebox itself.
  if (!site?.has("next")) return runProgram(ofProgram);
  process.chdir(site.root);
  // The program reads the files itself, and must not find the site's database in the environment.
  const own = { ...process.env };
  const { findings, hasFunctions } = await examine(site, options);
  for (const finding of findings) console.log(line(finding));
  const code = findings.some(({ outcome }) => outcome === "problem") ? 1 : 0;
  if (!hasFunctions && !options.url) return code;
  process.env = own;
  console.log("\nThe functions:");
  return Math.max(code, await runProgram(ofProgram));
}

async function examine(site: Site, { site: url }: Options) {
  const isLive = url?.startsWith("https:") ?? false;
  const from = loadEnvironment(site, isLive ? "production" : "development");
  const findings: Finding[] = [
    ...checkPackages(site),
    ...checkSettings(site, from, isLive),
    ...checkFiles(site, isLive),
    ...(await checkFunctions(isLive)),
    ...(await checkLive(url ?? `http://localhost:${portOf(site)}`, url !== undefined)),
  ];
  return { findings, hasFunctions: OF_FUNCTIONS.some((name) => process.env[name]) };
}

function parse(words: string[]): Options | string {
  const options: Options = {};
  for (let at = 0; at < words.length; at += 2) {
    const [name = "", value] = words.slice(at, at + 2);
    if (name !== "--site" && name !== "--url") return `\`${name}\` is not an option`;
    if (!value || !URL.canParse(value)) return `\`${name}\` needs a URL`;
    options[name === "--site" ? "site" : "url"] = value;
  }
  return options;
}
