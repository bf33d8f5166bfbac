// Finds and runs the prebuilt program `farebox`: an optional dependency has it for each platform,
// and npm installs the one that fits (packages/cli).

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, homedir } from "node:os";
import { join } from "node:path";
import { platforms, repository, version } from "./version.js";

/** The variable that names a program of one's own. */
const OWN = "FAREBOX_PROGRAM";

/** What a terminal or a supervisor sends to the process that it knows, which is not the program. */
const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** There is no program to run; the message says what to do. */
export class NoProgram extends Error {}

/**
 * The path of the program: the one that `FAREBOX_PROGRAM` names, the package's for this platform,
 * or the one that `cargo install` made.
 *
 * @throws {NoProgram} where there is none.
 */
export function findProgram(): string {
  const own = process.env[OWN];
  if (own) {
    if (!existsSync(own)) throw new NoProgram(`${OWN} names no file`);
    return own;
  }
  const found = packaged() ?? installedByCargo();
  if (found === undefined) throw new NoProgram(whyNone(platform(), platforms()));
  return found;
}

/** Runs the program with these words; resolves with its exit code, or ends as it was ended. */
export async function runProgram(words: string[]): Promise<number> {
  try {
    return await run(findProgram(), words);
  } catch (error) {
    if (!(error instanceof NoProgram)) throw error;
    console.error(`error: ${error.message}`);
    return 1;
  }
}

/** The program shares this process's terminal, streams and environment. */
function run(path: string, words: string[]): Promise<number> {
  const { [OWN]: _, ...env } = process.env;
  const child = spawn(path, words, { stdio: "inherit", env });
  const passOn = (signal: NodeJS.Signals) => child.kill(signal);
  for (const signal of PASSED_ON) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      reject(new NoProgram(`${path} cannot be run: ${error.message}`));
    });
    child.once("exit", (code, signal) => {
      for (const one of PASSED_ON) process.off(one, passOn);
      // A shell reads from a signal that its command was ended, and not that it failed.
      if (signal) process.kill(process.pid, signal);
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

/** This platform, as the packages are named; `linux-x64-musl` is no platform of a release. */
function platform(): string {
  const isMusl = process.platform === "linux" && !hasGlibc();
  return `${process.platform}-${process.arch}${isMusl ? "-musl" : ""}`;
}

function hasGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report?.header?.glibcVersionRuntime !== undefined;
}

function packaged(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@farebox/${platform()}/bin/farebox`);
  } catch {
    return undefined;
  }
}

function installedByCargo(): string | undefined {
  const folder = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  const path = join(folder, "bin", "farebox");
  return existsSync(path) ? path : undefined;
}

/** Says why no program is there for a platform, and the ways to one. */
export function whyNone(name: string, released: readonly string[]): string {
  const source = repository() ? `--git ${repository()} --tag v${version()} farebox` : "--path cli";
  const build =
    `with Rust (https://rustup.rs), and this command finds it:\n` +
    `  cargo install --locked ${source}\n` +
    `The path of another program may stand in ${OWN}.`;
  if (released.includes(name)) {
    const add = `npm install --save-dev @farebox/${name}@${version()}`;
    return (
      `@farebox/${name} is not installed, an optional dependency of farebox: npm may have left ` +
      `it out. Add it:\n  ${add}\nOr build it ${build}`
    );
  }
  const there = released.length > 0 ? `there is one for ${released.join(" and ")}, with glibc` : "";
  return `no prebuilt program fits ${name}${there && `: ${there}`}. Build it ${build}`;
}
