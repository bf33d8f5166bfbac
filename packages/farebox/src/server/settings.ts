// The settings of the site's server. They all come from one source, so that a deployment's key
// never reaches a local `farebox dev`: from the environment where it has FAREBOX_ORIGIN, and else,
// on a developer's machine, from the file of a running `farebox dev` or `cargo dev`.

import { devFile, devPlaces } from "#dev-file";

/** A setting that is missing or wrong. The message names it and its origin, never its value. */
export class SettingError extends Error {
  override readonly name = "SettingError";

  constructor(
    /** The setting, such as `FAREBOX_SITE_KEY`. */
    readonly setting: string,
    /** The fault without the places that were searched: it may be shown to a visitor. */
    readonly fault: string,
    details = "",
  ) {
    super(fault + details);
  }
}

/** How the site's server reaches Farebox. */
export interface Settings {
  /** The origin of the functions, such as `https://pay.shop.example`. */
  origin: string;
  /** FAREBOX_SITE_KEY, which signs tokens and orders. */
  siteKey: Uint8Array<ArrayBuffer>;
  /** The URL of the sandbox's stand-in for Stripe.js, where a `farebox dev` names it. */
  stripeJs: string | undefined;
}

const environment: NodeJS.Dict<string> = typeof process === "undefined" ? {} : process.env;

/** True when nobody says where Farebox is: the site is tried on its developer's machine. */
export const isTry = (): boolean => !environment["FAREBOX_ORIGIN"];

/**
 * The settings.
 *
 * @throws {SettingError} where one is missing or wrong.
 */
export function settings(): Settings {
  const from = source();
  return {
    origin: origin(needed("FAREBOX_ORIGIN", from), from),
    siteKey: siteKey(needed("FAREBOX_SITE_KEY", from), from),
    stripeJs: standIn(from),
  };
}

/**
 * A setting of the same source as the others.
 *
 * @throws {SettingError} where it is not set.
 */
export const setting = (name: string): string => needed(name, source());

/** The place of the settings, in words: `the environment`, or the file of a `farebox dev`. */
export const origins = (): string => source().place;

interface Source {
  place: string;
  isFile: boolean;
  values: NodeJS.Dict<string>;
}

function source(): Source {
  if (!isTry()) return { place: "the environment", isFile: false, values: environment };
  const file = devFile();
  if (file) return { place: file.path, isFile: true, values: file.settings };
  return { place: "nowhere", isFile: false, values: {} };
}

function needed(name: string, { place, isFile, values }: Source): string {
  const value = values[name];
  if (value) return value;
  if (isFile) throw new SettingError(name, `${name} is not set`, ` in ${place}`);
  if (!isTry()) throw new SettingError(name, `${name} is not set`, ` in ${place}`);
  throw nothingRuns();
}

function nothingRuns(): SettingError {
  const remedy =
    "run `npx farebox dev` (or `cargo dev`), or set FAREBOX_ORIGIN and FAREBOX_SITE_KEY";
  const details = `; no file farebox-PORT.env of a running one is in ${devPlaces()}`;
  const fault = `FAREBOX_ORIGIN is not set, and no \`farebox dev\` runs: ${remedy}`;
  return new SettingError("FAREBOX_ORIGIN", fault, details);
}

function origin(text: string, from: Source): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === "/" &&
    !/[?#@]/.test(text);
  if (!isOrigin)
    throw wrong("FAREBOX_ORIGIN", from, "must be an origin, such as https://pay.shop.example");
  if (from.isFile && !isLoopback(url))
    throw wrong("FAREBOX_ORIGIN", from, "must be an address of this machine");
  return url.origin;
}

/** The prefixes of Stripe's keys. */
const OF_STRIPE = /^(sk_|rk_|pk_|whsec_)/;

/** Checks what Farebox checks of its own FAREBOX_SITE_KEY. */
function siteKey(text: string, from: Source): Uint8Array<ArrayBuffer> {
  const key = new TextEncoder().encode(text);
  const refuse = (fault: string) => wrong("FAREBOX_SITE_KEY", from, fault);
  if (OF_STRIPE.test(text)) throw refuse("holds a key of Stripe's; it must be a secret of its own");
  if (key.length < 32) throw refuse("is too short: at least 32 characters, made at random");
  if (new Set(key).size < 6) throw refuse("repeats a few characters: it must be made at random");
  return key;
}

/** Only a file of this machine can name it, and only on this machine. */
function standIn({ isFile, values }: Source): string | undefined {
  const text = isFile ? values["STRIPE_JS_URL"] : undefined;
  return text && URL.canParse(text) && isLoopback(new URL(text)) ? text : undefined;
}

const isLoopback = ({ hostname }: URL) =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);

const wrong = (name: string, { place }: Source, fault: string) =>
  new SettingError(name, `${name} ${fault}`, `; it comes from ${place}`);
