// `farebox init`: writes the files of a site with Farebox into the Next.js app of this folder.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ask } from "./ask.js";
import { diff } from "./diff.js";
import { installCommand, missingPackages } from "./packages.js";
import { planOf, type Planned } from "./plan.js";
import { findSite, type Site } from "./site.js";

const USAGE = `\
farebox init [--yes] [--overwrite] [--install]

Writes into the Next.js app of this folder: lib/farebox, the routes api/payments and api/farebox, a
checkout page, a page to return to, and the settings in .env.example. It asks before it changes a
file that exists, and shows the change. A file that uses Farebox already stays as it is.

  --yes        create files and add to .env.example without a question; replace no file
  --overwrite  with --yes: replace files that exist and do not use Farebox
  --install    install the packages that are missing
  --help       show this`;

const OPTIONS = ["--yes", "--overwrite", "--install"] as const;
type Option = (typeof OPTIONS)[number];

/** Runs it in `folder`; resolves with the exit code. `consents` answers its questions. */
export async function runInit(
  words: string[],
  folder = process.cwd(),
  consents = ask,
): Promise<number> {
  if (words.includes("--help") || words.includes("-h")) {
    console.log(USAGE);
    return 0;
  }
  const wrong = words.find((word) => !OPTIONS.includes(word as Option));
  if (wrong !== undefined) {
    console.error(`error: \`${wrong}\` is not an option\n\n${USAGE}`);
    return 2;
  }
  const site = findSite(folder);
  const reason = whyNot(site);
  if (!site || reason) {
    console.error(`error: ${reason}`);
    return 1;
  }
  const options = new Set(words as Option[]);
  const agrees = ({ path, adds }: Planned) =>
    options.has("--yes")
      ? adds || options.has("--overwrite")
      : consents(`${adds ? "Add to" : "Replace"} ${path}?`);
  const { files, notes, signIn, database } = planOf(site);
  console.log(`Sign-in: ${signIn}. Database for notifications: ${database ?? "none"}.\n`);
  let skipped = 0;
  for (const file of files) if (!(await write(site, file, agrees))) skipped++;
  for (const note of notes) console.log(`\nnote: ${note}`);
  if (skipped > 0) console.log(`\n${skipped} of the files were not written.`);
  return await next(site, options.has("--install"), database !== undefined);
}

function whyNot(site: Site | undefined): string | undefined {
  if (!site) return "there is no package.json here: run this in the folder of a Next.js app";
  if (!site.has("next"))
    return `package.json in ${site.root} does not name next: this writes into a Next.js app`;
  if (!site.app && !site.pages) return `${site.root} has neither a folder app nor a folder pages`;
  return undefined;
}

/** Writes a file, with consent where one exists; resolves false where it was left out. */
async function write(
  site: Site,
  file: Planned,
  agrees: (file: Planned) => boolean | Promise<boolean>,
): Promise<boolean> {
  const { path, text, before, isDone } = file;
  if (isDone || before === text) {
    console.log(`unchanged  ${path}`);
    return true;
  }
  if (before === undefined) {
    save(site, path, text);
    console.log(`created    ${path}`);
    return true;
  }
  console.log(`\n${path} would change:\n${diff(before, text)}\n`);
  const isAgreed = await agrees(file);
  if (isAgreed) save(site, path, text);
  console.log(`${isAgreed ? "changed    " : "kept       "}${path}`);
  return isAgreed;
}

function save(site: Site, path: string, text: string): void {
  const full = join(site.root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
}

/** Installs, or says how, and names the next steps. */
async function next(site: Site, installs: boolean, hasStore: boolean): Promise<number> {
  const missing = missingPackages(site);
  const command = installCommand(site.packages, missing);
  const steps = [
    ...(hasStore ? ["npx farebox tables # the SQL of the store's two tables: run it once"] : []),
    "npx farebox dev    # Farebox and a sandbox of Stripe, in a terminal of its own",
    `${site.packages} run dev        # then open /checkout, and pay with 4242 4242 4242 4242`,
  ];
  if (missing.length > 0 && installs) {
    const [program = "npm", ...words] = command;
    const { status } = spawnSync(program, words, { cwd: site.root, stdio: "inherit" });
    if (status !== 0) return status ?? 1;
  } else if (missing.length > 0) {
    steps.unshift(command.join(" "));
  }
  console.log(`\nNext:\n${steps.map((step) => `  ${step}`).join("\n")}`);
  if (!hasStore)
    console.log(
      "\nBefore production, give `createFarebox` a `store` in your database, where each " +
        "notification is handled once.",
    );
  return 0;
}
