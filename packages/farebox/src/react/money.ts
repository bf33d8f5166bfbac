// Formats and parses amounts in minor units, and times. Parsing uses no floats.

/** Currencies without a minor unit at Stripe. */
const NO_DECIMALS =
  "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" ");
const THREE_DECIMALS = "bhd jod kwd omr tnd".split(" ");

const decimals = (currency: string) =>
  NO_DECIMALS.includes(currency) ? 0 : THREE_DECIMALS.includes(currency) ? 3 : 2;

/** Formats `1500` and `usd` as `$15.00`, in the form of `locale`. */
export function money(amount: number, currency: string, locale: string): string {
  const digits = decimals(currency);
  const form = {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  } as const;
  return new Intl.NumberFormat(locale, form).format(amount / 10 ** digits);
}

/** Formats `1500` and `usd` as `15.00`, for a field. */
export function plain(amount: number, currency: string): string {
  const digits = decimals(currency);
  const text = String(amount).padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Parses `15`, `15.5` or `15,50` to `1500`; `null` for an invalid amount. */
export function minorUnits(text: string, currency: string): number | null {
  const digits = decimals(currency);
  const [, whole, fraction = ""] = /^(\d{1,9})(?:[.,](\d+))?$/.exec(text.trim()) ?? [];
  if (whole === undefined || fraction.length > digits) return null;
  return Number(whole + fraction.padEnd(digits, "0"));
}

/**
 * A moment in Unix seconds, in the reader's own time: a day alone would promise hours that there
 * may not be.
 */
export const moment = (at: number, locale: string): string =>
  new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" }).format(at * 1000);
