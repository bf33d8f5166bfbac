// The caller of a request, as the site knows them, and the token that names them to Farebox.

import { SignJWT } from "jose/jwt/sign";
import { settings } from "./settings.js";

/** A caller, as docs/security.md has them. */
export interface Caller {
  /**
   * The user's id in the site's database: 1 to 128 characters, never an e-mail address, which
   * changes hands.
   */
  id: string;
  /** Names of roles.json; `["customer"]` by default. */
  roles?: readonly string[] | undefined;
  /** Where Stripe sends the receipts of their payments. */
  email?: string | null | undefined;
  /**
   * Whom they were before they signed in: the `sub` of the guest of their browser, `guest-…`. An
   * unpaid order of that guest becomes theirs when they go on with it.
   */
  previousSub?: string | undefined;
}

/**
 * The user of a session, as Auth.js, Better Auth and others have it. It must have an `id` by the
 * time of a request.
 */
export interface User {
  id?: string | null | undefined;
  roles?: readonly string[] | null | undefined;
  email?: string | null | undefined;
  /** Where it is `false`, Farebox does not get the address. */
  emailVerified?: boolean | Date | null | undefined;
}

/** A caller whose fields were checked. */
export interface CheckedCaller {
  readonly id: string;
  readonly roles: readonly string[];
  readonly email?: string;
}

/** A caller whom Farebox would refuse. The message names the field, never its value. */
export class CallerError extends Error {
  override readonly name = "CallerError";

  constructor(
    /** The field: `id`, `roles`, `email` or `previousSub`. */
    readonly field: string,
    fault: string,
  ) {
    super(`\`${field}\` of the caller ${fault}`);
  }
}

/** What a guest's id begins with, and no user's. */
export const GUEST = "guest-";

/** An address, and not an id that a provider made of one, such as `samlp|shop|ada@shop.example`. */
const ADDRESS = /^[^\s@|:]+@[^\s@|:]+\.[^\s@|:]+$/;

const MAX_ROLES = 100;
const LONGEST_ID = 128;
const LONGEST_EMAIL = 254;
/** The longest token that Farebox reads, in bytes. */
const LONGEST_TOKEN = 8 * 1024;

/**
 * Checks a user as Farebox does.
 *
 * @throws {CallerError} that names the wrong field.
 */
export function checked(user: User): CheckedCaller {
  const roles = rolesOf(user.roles);
  const id = idOf(user.id, roles);
  const email = user.emailVerified === false ? undefined : emailOf(user.email);
  return { id, roles, ...(email !== undefined && { email }) };
}

/** A guest as a caller. */
export const guest = (id: string): CheckedCaller => ({ id: GUEST + id, roles: ["guest"] });

/**
 * Signs a token that names `caller` to Farebox for a minute. Each request gets a new one.
 *
 * @throws {CallerError} for a caller whom Farebox would refuse.
 * @throws {SettingError} where FAREBOX_SITE_KEY is missing or wrong.
 */
export async function callerToken(caller: Caller): Promise<string> {
  const { id, roles, email } = checked(caller);
  const { previousSub } = caller;
  if (previousSub !== undefined && !isId(previousSub))
    throw new CallerError("previousSub", LENGTH);
  const token = await new SignJWT({ roles, email, previousSub })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience("farebox")
    .setSubject(id)
    .setIssuedAt()
    .setExpirationTime("1m")
    .sign(settings().siteKey);
  if (token.length > LONGEST_TOKEN) throw new CallerError("roles", "are too many for a token");
  return token;
}

const LENGTH = "must be 1 to 128 characters";

/** True for what can be a caller's id: 1 to 128 characters. */
export const isId = (id: string): boolean => isLine(id, LONGEST_ID) && id.trim() === id;

function idOf(id: unknown, roles: readonly string[]): string {
  if (id === undefined || id === null || id === "")
    throw new CallerError(
      "id",
      "is missing: let the session have the user's id, or return null for a guest",
    );
  if (typeof id !== "string") throw new CallerError("id", "must be text");
  if (!isId(id)) throw new CallerError("id", LENGTH);
  if (ADDRESS.test(id))
    throw new CallerError(
      "id",
      "is an e-mail address, which changes hands: use the id of the user in your database",
    );
  if (id.startsWith(GUEST) && roles.some((role) => role !== "guest"))
    throw new CallerError("id", `begins with \`${GUEST}\`, as only a guest's may`);
  return id;
}

function rolesOf(roles: unknown): readonly string[] {
  if (roles === undefined || roles === null) return ["customer"];
  if (!Array.isArray(roles)) throw new CallerError("roles", "must be a list of names");
  if (roles.length > MAX_ROLES) throw new CallerError("roles", `must be ${MAX_ROLES} at most`);
  if (!roles.every((role) => typeof role === "string" && isLine(role, LONGEST_ID)))
    throw new CallerError("roles", "must be names of roles.json");
  return roles;
}

function emailOf(email: unknown): string | undefined {
  if (email === undefined || email === null || email === "") return undefined;
  if (typeof email !== "string" || !isEmail(email))
    throw new CallerError("email", "is not an e-mail address");
  return email;
}

/** The form that Farebox accepts: a mailbox, `@` and a domain, without white space. */
export function isEmail(text: string): boolean {
  const at = text.lastIndexOf("@");
  return at > 0 && at < text.length - 1 && isLine(text, LONGEST_EMAIL) && !/\s/u.test(text);
}

/** 1 to `longest` characters, none of them a control character. */
export const isLine = (text: string, longest: number): boolean => {
  const { length } = [...text];
  return length >= 1 && length <= longest && !/\p{Cc}/u.test(text);
};
