// `npx farebox COMMAND`: `init` and `doctor` are for a site and run here. Every other command is
// the program's, which comes as a package for each platform.

import { runDev } from "./dev.js";
import { runDoctor } from "./doctor.js";
import { runInit } from "./init.js";
import { TABLES } from "../stores/sql.js";
import { runProgram } from "./program.js";
import { version } from "./version.js";

const USAGE = `\
farebox dev [OPTIONS]
farebox init [OPTIONS]
farebox doctor [OPTIONS]
farebox tables
farebox COMMAND

  dev      starts Farebox on this machine, with a sandbox of Stripe and a demo shop: no account is
           needed, and a site beside it finds it by itself
  init     writes the files of a site with Farebox into the Next.js app in this folder
  doctor   checks the site in this folder: its settings, its files, and its answers where it runs
  tables   prints the SQL of the tables that a store keeps notifications in

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
    case "doctor":
      return runDoctor(rest);
    case "init":
      return runInit(rest);
    case "tables":
      console.log(`${TABLES.join(";\n\n")};`);
      return 0;
    case "dev":
      return runDev(rest);
    default:
      return runProgram(words);
  }
}
