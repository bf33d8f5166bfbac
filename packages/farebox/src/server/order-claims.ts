// Checks an order before it is signed, with the messages of the functions
// (shared/src/purchase/order_claims.rs). What depends on Stripe's currencies, on the checkout file
// or on the caller's rights, the functions check alone.

import { isEmail, isId, isLine } from "./caller.js";

/** An order that Farebox would refuse. The message names the field, never its value. */
export class OrderError extends Error {
  override readonly name = "OrderError";

  constructor(
    /** The path of the field, such as `lines[0].amount`. */
    readonly field: string,
    fault: string,
    message = `\`${field}\` of the signed order ${fault}`,
  ) {
    super(message);
  }
}

type Check = (value: unknown, path: string) => void;

const must =
  (isFit: (value: unknown) => boolean, fault: string): Check =>
  (value, path) => {
    if (!isFit(value)) throw new OrderError(path, fault);
  };

const isText = (value: unknown): value is string => typeof value === "string";
const text = (isFit: (value: string) => boolean, fault: string): Check => {
  const fits = must((value) => isFit(value as string), fault);
  return (value, path) => {
    if (!isText(value)) throw new OrderError(path, "must be text");
    fits(value, path);
  };
};
const line = (longest: number) =>
  text((value) => isLine(value, longest), `must be 1 to ${longest} characters on one line`);
/** An empty text counts as absent. */
const part = (longest: number) =>
  text(
    (value) => value === "" || isLine(value, longest),
    `must be 1 to ${longest} characters on one line`,
  );
const oneOf = (words: readonly string[], fault: string) =>
  text((value) => words.includes(value), fault);
const whole = (fault: string) => must(Number.isSafeInteger, fault);

const AMOUNT = "must be a whole number of minor units, such as 1999 for 19.99";
const UNIT = "must be the price of one, a whole number of minor units";
const amount =
  (fault: string): Check =>
  (value, path) => {
    whole(fault)(value, path);
    if ((value as number) < 0) throw new OrderError(path, "must not be negative");
  };

const TAX: Record<string, Check> = {
  taxCode: text(
    (value) => /^txcd_\w{1,255}$/.test(value),
    "must be a tax code of Stripe's, `txcd_…`",
  ),
  taxBehavior: oneOf(
    ["inclusive", "exclusive", "unspecified"],
    "must be inclusive, exclusive or unspecified",
  ),
};

/** An object with these fields and no others; `needed` must be there. */
const object =
  (fields: Record<string, Check>, needed: readonly string[]): Check =>
  (value, path) => {
    for (const [name, field] of fieldsOf(value, path, needed)) {
      const check = Object.hasOwn(fields, name) ? fields[name] : undefined;
      const at = `${path}.${name}`;
      const unknown = `\`${path}\` has no field \`${shown(name)}\` in a signed order`;
      if (!check) throw new OrderError(at, "", unknown);
      check(field, at);
    }
  };

/** The beginning of an unknown name. */
const shown = (name: string) => [...name].slice(0, 40).join("");

function fieldsOf(value: unknown, path: string, needed: readonly string[]) {
  if (!isObject(value)) throw new OrderError(path, "must be an object");
  const present = Object.entries(value).filter(isPresent);
  for (const name of needed)
    if (!present.some(([key, field]) => key === name && field !== ""))
      throw new OrderError(`${path}.${name}`, "is missing");
  return present;
}

/** True for an entry with a value; null counts as none. */
const isPresent = ([, value]: [string, unknown]) => value !== undefined && value !== null;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const LINE = object(
  {
    name: line(250),
    amount: amount(UNIT),
    quantity: must(
      (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 10_000,
      "must be from 1 to 10000",
    ),
    ...TAX,
  },
  ["name", "amount", "quantity"],
);

const lines: Check = (value, path) => {
  if (!Array.isArray(value)) throw new OrderError(path, "must be a list");
  if (value.length < 1 || value.length > 100)
    throw new OrderError(path, "must have 1 to 100 entries");
  value.forEach((entry, index) => LINE(entry, `${path}[${index}]`));
};

const ADDRESS = object(
  {
    line1: part(500),
    line2: part(500),
    city: part(500),
    state: part(500),
    postal_code: part(500),
    country: text(
      (value) => value === "" || /^[A-Z]{2}$/.test(value),
      "must be two upper-case letters, such as DE",
    ),
  },
  ["line1"],
);

const metadata: Check = (value, path) => {
  const refuse = (fault: string) => new OrderError(path, fault);
  if (!isObject(value) || !Object.values(value).every(isText))
    throw refuse("must be an object whose values are text");
  const entries = Object.entries(value as Record<string, string>);
  if (entries.length > 45) throw refuse("must have at most 45 keys");
  for (const [key, entry] of entries) {
    if (key.startsWith("farebox_")) throw refuse("must not have keys that begin with farebox_");
    if (key === "" || [...key].length > 40 || /[[\]]/.test(key))
      throw refuse("must have keys of 1 to 40 characters without brackets");
    if (entry === "" || [...entry].length > 500)
      throw refuse("must have values of 1 to 500 characters");
  }
};

const suffix: Check = (value, path) => {
  text((it) => isLine(it, 22), "must be 1 to 22 characters")(value, path);
  const refuse = (fault: string) => new OrderError(path, fault);
  const suffix = value as string;
  if (/[<>\\'"*]/.test(suffix)) throw refuse("must have none of < > \\ ' \" *");
  if (!/^[\x20-\x7e]*$/.test(suffix))
    throw refuse("must have Latin characters without accents alone");
  if (!/[A-Za-z]/.test(suffix)) throw refuse("must have at least one letter");
};

const subject = text(isId, "must be 1 to 128 characters");

const FIELDS: Record<string, Check> = {
  orderId: text(
    (value) => /^[A-Za-z0-9_-]{1,64}$/.test(value),
    "must be 1 to 64 letters, digits, - and _",
  ),
  currency: text(
    (value) => /^[a-z]{3}$/.test(value),
    "is not a currency that Stripe knows, such as `usd`, in lower case",
  ),
  amount: amount(AMOUNT),
  lines,
  description: text(
    (value) => value !== "" && [...value].length <= 1000,
    "must be 1 to 1000 characters",
  ),
  email: text(isEmail, "is not an e-mail address"),
  name: line(256),
  shipping: object({ name: part(256), phone: part(500), address: ADDRESS }, ["name", "address"]),
  statementDescriptorSuffix: suffix,
  metadata,
  setupFutureUsage: oneOf(["on_session", "off_session"], "must be on_session or off_session"),
  offSession: must((value) => typeof value === "boolean", "must be true or false"),
  paymentMethod: text(
    (value) => /^pm_\w{1,255}$/.test(value),
    "must be the id of a payment method, `pm_…`",
  ),
  captureMethod: oneOf(["automatic", "manual"], "must be `automatic` or `manual`"),
  expiresAt: whole("must be the Unix time after which it may not be paid"),
  version: must(
    (value) => Number.isSafeInteger(value) && (value as number) >= 0,
    "must be a whole number that is not negative",
  ),
  previousSub: subject,
  checkout: (value, path) => {
    if (!isObject(value))
      throw new OrderError(path, "", "`checkout` must be an object in the signed order");
  },
  ...TAX,
};

/**
 * Checks an order.
 *
 * @throws {OrderError} that names the wrong field.
 */
export function checkOrder(order: object): void {
  const given = Object.entries(order).filter(isPresent);
  const has = (name: string) => given.some(([key]) => key === name);
  const missing = ["orderId", "currency"].find((name) => !has(name));
  if (missing) throw new OrderError(missing, "is missing");
  if (!has("amount") && !has("lines")) throw new OrderError("amount", "is missing");
  for (const [name, value] of given) {
    const check = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
    if (!check)
      throw new OrderError(name, "", `\`${shown(name)}\` is not a claim of a signed order`);
    check(value, name);
  }
  checkTogether(Object.fromEntries(given));
}

/** Checks the fields that go together, or do not. */
function checkTogether(order: Record<string, unknown>): void {
  if (order["paymentMethod"] !== undefined && order["offSession"] !== true)
    throw new OrderError("paymentMethod", "is only for `offSession`");
  if (order["setupFutureUsage"] !== undefined && order["offSession"] === true)
    throw new OrderError(
      "setupFutureUsage",
      "does not go with `offSession`, whose payment method is saved",
    );
  if (order["lines"] === undefined) return;
  for (const name of ["taxCode", "taxBehavior"])
    if (order[name] !== undefined) throw new OrderError(name, "belongs to each of `lines`");
  const entries = order["lines"] as { amount: number; quantity: number }[];
  const sum = entries.reduce((total, { amount, quantity }) => total + amount * quantity, 0);
  if (!Number.isSafeInteger(sum)) throw new OrderError("lines", "is too large");
  if (order["amount"] !== undefined && order["amount"] !== sum)
    throw new OrderError("amount", "is not the sum of `lines`");
}
