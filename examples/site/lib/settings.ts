// The server's settings. No other file reads the environment, and no browser code may import this
// one.

import "server-only";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

const isDevelopment = process.env.NODE_ENV === "development";

/**
 * Where each `cargo dev` says how a site reaches it; it makes new keys at each start, so this is
 * read each time.
 */
const FOLDER = join(process.env.CARGO_TARGET_DIR ?? "../../target", "dev");
const FILE = /^farebox-\d+\.env$/;

/** A missing setting. The message is for the site's operator. */
export class Missing extends Error {
  constructor(name: string) {
    const searched = isTry() ? `, and no \`cargo dev\` runs that has a file in ${FOLDER}` : "";
    super(`${name} is not set${searched}`);
  }
}

/**
 * Whether this site is tried on its developer's machine: nobody says where the functions are, so it
 * looks for a `cargo dev`.
 */
export const isTry = () => !process.env.FAREBOX_ORIGIN;

/** The origin of the functions. */
export const fareboxOrigin = () => new URL(needed("FAREBOX_ORIGIN")).origin;

/** The key that signs caller tokens. */
export const siteKey = () => new TextEncoder().encode(needed("FAREBOX_SITE_KEY"));

/**
 * The header in which the proxy in front of this site writes the payer's address, over or behind
 * what came in.
 */
export const addressHeader = () => process.env.CLIENT_ADDRESS_HEADER;

/**
 * The sandbox's stand-in for Stripe.js, where the functions are a `cargo dev` that runs with the
 * sandbox.
 */
export const standIn = () => (isTry() || isDevelopment ? setting("STRIPE_JS_URL") : undefined);

/**
 * The days for which plans are free at first: `trial_period_days` of the functions' checkout file;
 * `null` where it has none.
 */
export const trialDays = (): number | null => {
  const days = Number(process.env.TRIAL_DAYS);
  return Number.isInteger(days) && days > 0 ? days : null;
};

/** Returns true when demo accounts can sign in, among them one that can refund. */
export const hasDemoAccounts = () => isDevelopment || process.env.DEMO_ACCOUNTS === "on";

function needed(name: string): string {
  const value = setting(name);
  if (!value) throw new Missing(name);
  return value;
}

/** From one source only: a deployment's key must not reach a local `cargo dev`. */
function setting(name: string): string | undefined {
  return (isTry() ? beside() : process.env)[name];
}

/** The settings of the latest running `cargo dev`. */
function beside(): NodeJS.Dict<string> {
  const running = written().filter(({ settings }) => runs(Number(settings.FAREBOX_DEV_PID)));
  return running.sort((one, other) => other.at - one.at)[0]?.settings ?? {};
}

function written(): { at: number; settings: NodeJS.Dict<string> }[] {
  try {
    const paths = readdirSync(/* turbopackIgnore: true */ FOLDER)
      .filter((name) => FILE.test(name))
      .map((name) => join(FOLDER, name));
    return paths.map((path) => ({
      at: statSync(/* turbopackIgnore: true */ path).mtimeMs,
      settings: parseEnv(readFileSync(/* turbopackIgnore: true */ path, "utf8")),
    }));
  } catch {
    return [];
  }
}

/** Returns true when the process runs; no process has the id 0. */
function runs(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
