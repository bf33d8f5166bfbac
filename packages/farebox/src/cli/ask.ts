// Questions to the person at the terminal.

import { createInterface } from "node:readline/promises";

/** Asks, and takes anything but a yes for a no. Without a terminal nobody can answer: no. */
export async function ask(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
