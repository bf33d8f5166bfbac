// `npx farebox COMMAND`: `init` is for a site and runs here. Every other command is the program's,
// which comes as a package for each platform.

import { runDev } from "./dev.js";
import { runInit } from "./init.js";
import { runProgram } from "./program.js";
import { version } from "./version.js";

const USAGE = `\
farebox dev [OPTIONS]
farebox init [OPTIONS]
farebox COMMAND

  dev      starts Farebox on this machine, with a sandbox of Stripe and a demo shop: no account is
           needed, and a site beside it finds it by itself
  init     writes the files of a site with Farebox into the Next.js app in this folder

Each has a --help. Every other command is the program's, for the operator of a deployment:
\`farebox dev --help\` lists them.`;

/** Runs a command; resolves with the exit code. */
export async function main(words: string[]): Promise<number> {
  const [command, ...rest] = words;
  switch (command) {
    case undefined:
    case "--help":
    case "-h":
    case "help":
      console.log(USAGE);
      return command === undefined ? 2 : 0;
    case "--version":
      console.log(version());
      return 0;
    case "init":
      return runInit(rest);
    case "dev":
      return runDev(rest);
    default:
      return runProgram(words);
  }
}
