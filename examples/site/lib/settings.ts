// The server's settings. Nothing else reads the environment, and no file of the browser's may import this one.

import "server-only";
import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

const isDevelopment = process.env.NODE_ENV === "development";

/** Where `cargo dev` says how a site reaches it; it makes new keys at each start, so this is read each time. */
const BESIDE = process.env.FAREBOX_DEV_SETTINGS ?? "../../target/dev/farebox-4242.env";

/** A setting that is not there. The message names it, and is for whoever runs the site. */
export class Missing extends Error {
  constructor(name: string) {
    super(`${name} is not set${isDevelopment ? ", and `cargo dev` does not run beside this site" : ""}`);
  }
}

/** Where the functions are. */
export const fareboxOrigin = () => new URL(needed("FAREBOX_ORIGIN")).origin;

/** The key by which callers' tokens are signed. */
export const siteKey = () => new TextEncoder().encode(needed("FAREBOX_SITE_KEY"));

/** The header in which the proxy in front of this site writes the payer's address, over or behind what came in. */
export const addressHeader = () => setting("CLIENT_ADDRESS_HEADER");

/** The sandbox's stand-in for Stripe.js: in development, where `cargo dev` runs with the sandbox. */
export const standIn = () => (isDevelopment ? setting("STRIPE_JS_URL") : undefined);

/** Whether anybody may sign in as one of the demo's accounts, the one that refunds among them. */
export const hasDemoAccounts = () => isDevelopment || process.env.DEMO_ACCOUNTS === "on";

function needed(name: string): string {
  const value = setting(name);
  if (!value) throw new Missing(name);
  return value;
}

function setting(name: string): string | undefined {
  return process.env[name] ?? (isDevelopment ? beside()[name] : undefined);
}

function beside(): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(/* turbopackIgnore: true */ BESIDE, "utf8"));
  } catch {
    return {};
  }
}
