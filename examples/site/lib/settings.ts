// The server's settings. No browser code may import this file.

import "server-only";

const isDevelopment = process.env.NODE_ENV === "development";

/**
 * Whether this site is tried on its developer's machine: nobody says where Farebox is, so the
 * package looks for a `cargo dev`.
 */
export const isTry = () => !process.env.FAREBOX_ORIGIN;

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
