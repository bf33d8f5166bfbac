// Formats and parses amounts in minor units. Parsing uses no floats.

const NO_DECIMALS = new Set([
  "bif",
  "clp",
  "djf",
  "gnf",
  "jpy",
  "kmf",
  "krw",
  "mga",
  "pyg",
  "rwf",
  "vnd",
  "vuv",
  "xaf",
  "xof",
  "xpf",
]);
const THREE_DECIMALS = new Set(["bhd", "jod", "kwd", "omr", "tnd"]);

const decimals = (currency: string) =>
  NO_DECIMALS.has(currency) ? 0 : THREE_DECIMALS.has(currency) ? 3 : 2;

/** Formats `1500` and `usd` as `$15.00`. */
export function money(amount: number, currency: string): string {
  const digits = decimals(currency);
  const form = { style: "currency", currency, minimumFractionDigits: digits } as const;
  return new Intl.NumberFormat("en-US", form).format(amount / 10 ** digits);
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
