// Checks a running site by requests that a site with Farebox refuses, or that change nothing.

import { readSecrets } from "../../notifications/verify.js";
import { isTry, setting, settings } from "../../server/settings.js";
import { ok, problem, unknown, type Finding } from "./finding.js";
import { checkPolicy } from "./policy.js";

/** The timeout of a request, in milliseconds: a site in development compiles its pages first. */
const PATIENCE_MS = 30_000;
const FORWARDING = "api/payments";
const RECEIVING = "api/farebox";

/** An answer of the site. */
interface Answer {
  status: number;
  headers: Headers;
  /** The code of an error in Farebox's form. */
  code: string | undefined;
  message: string | undefined;
}

/**
 * Checks the site at `url`. `isNamed` is false for the address of `next dev`: none may run there.
 */
export async function checkLive(url: string, isNamed: boolean): Promise<Finding[]> {
  const site = new URL(url).origin;
  try {
    const page = await ask(site, "");
    const checkout = await ask(site, "checkout");
    const shown = checkout.status === 200 ? checkout : page;
    return [
      reached(site, page),
      await otherSite(site),
      await unknownRoute(site),
      await unsigned(site),
      await signed(site),
      cookie(site, page),
      ...checkPolicy(
        shown.headers.get("content-security-policy"),
        shown === checkout ? "/checkout" : "/",
        standIn(),
      ),
    ];
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const reason = cause instanceof Error ? cause.message : "it did not answer";
    if (isNamed) return [problem(site, `does not answer: ${reason}`)];
    return [unknown(site, `no site answers there (${reason}): start it, or name it with --site`)];
  }
}

function reached(site: string, { status }: Answer): Finding {
  if (status >= 500) return problem(site, `answers with ${status}`);
  return ok(site, `answers with ${status}`);
}

/** A request that another site causes must not pay with this site's cookie. */
async function otherSite(site: string): Promise<Finding> {
  const what = `POST /${FORWARDING}/create-intent`;
  const headers = { origin: "https://other.example", "sec-fetch-site": "cross-site" };
  const answer = await ask(site, `${FORWARDING}/create-intent`, { headers, body: "{}" });
  if (answer.status === 403 && answer.code === "forbidden")
    return ok(what, "requests that other sites cause are refused");
  return notOurs(what, answer) ?? problem(what, `another site's request got ${told(answer)}`);
}

/** Only routes for browsers are forwarded. */
async function unknownRoute(site: string): Promise<Finding> {
  const what = `GET /${FORWARDING}/health`;
  const answer = await ask(site, `${FORWARDING}/health`);
  if (answer.status === 404 && answer.code === "not_found")
    return ok(what, "only routes for browsers are forwarded");
  return notOurs(what, answer) ?? problem(what, `is forwarded, and got ${told(answer)}`);
}

/** A notification without a signature must not be believed. */
async function unsigned(site: string): Promise<Finding> {
  const what = `POST /${RECEIVING}`;
  const answer = await ask(site, RECEIVING, { body: '{"type":"order.paid"}' });
  if (answer.status === 400 && answer.code === "bad_signature")
    return ok(what, "a notification without a signature is refused");
  if (answer.status < 300) return problem(what, "accepts a notification without a signature");
  return notOurs(what, answer) ?? problem(what, `a notification got ${told(answer)}`);
}

/** Signed as Farebox does, but no notification: the site refuses it for its form alone. */
async function signed(site: string): Promise<Finding> {
  const what = "FAREBOX_NOTIFY_SECRET";
  const secret = secretHere(site);
  if (!secret) return unknown(what, "is not known here, so whether the site has the same is not");
  const body = "{}";
  const [id, now] = ["farebox_doctor", new Date()];
  const answer = await ask(site, RECEIVING, {
    body,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": secret.sign(id, now, body),
    },
  });
  if (answer.code === "invalid_request") return ok(what, "the site has the same secret as this");
  if (answer.code === "bad_signature")
    return problem(what, "the site has another secret, or its clock is wrong");
  return unknown(what, `could not be compared: ${told(answer)}`);
}

/** The guest's cookie, where a page sets it. */
function cookie(site: string, { headers }: Answer): Finding {
  const what = "farebox_guest";
  const set = headers.getSetCookie().find((one) => /^(__Host-)?farebox_guest=/.test(one));
  if (!set) return ok(what, "no page sets it: the first payment does");
  const isSecure = new URL(site).protocol === "https:";
  const wanted = ["HttpOnly", "SameSite=Lax", "Path=/", ...(isSecure ? ["Secure"] : [])];
  const missing = wanted.filter((one) => !set.split("; ").includes(one));
  if (missing.length > 0) return problem(what, `the cookie lacks ${missing.join(", ")}`);
  if (isSecure && !set.startsWith("__Host-"))
    return problem(what, "the cookie's name must begin with __Host- over https");
  return ok(what, `the page sets it, ${wanted.join(", ")}`);
}

/** The finding for an answer that neither Farebox nor its package gave. */
function notOurs(what: string, answer: Answer): Finding | undefined {
  const { status, code, message } = answer;
  if (code === "not_configured") return problem(what, message ?? "a setting is missing");
  if (code !== undefined) return undefined;
  if (status === 404) return problem(what, "there is no such route: `npx farebox init` writes it");
  if (status === 401 || status === 403 || (status >= 300 && status < 400))
    return problem(what, `got ${status}: does proxy.ts or middleware.ts ask for a sign-in here?`);
  return problem(what, `got ${status}, not from Farebox's package`);
}

const told = ({ status, code }: Answer) => (code ? `${status} ${code}` : String(status));

async function ask(
  site: string,
  path: string,
  post?: { headers?: Record<string, string>; body: string },
): Promise<Answer> {
  const response = await fetch(`${site}/${path}`, {
    method: post ? "POST" : "GET",
    headers: { ...(post && { "content-type": "application/json" }), ...post?.headers },
    ...(post && { body: post.body }),
    redirect: "manual",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { status, headers } = response;
  return { status, headers, ...errorIn(await response.text()) };
}

function errorIn(text: string): Pick<Answer, "code" | "message"> {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string } };
    return { code: error?.code, message: error?.message };
  } catch {
    return { code: undefined, message: undefined };
  }
}

/**
 * The secret of this machine's settings; the first, which signs while one is rotated. That of a
 * `farebox dev` is for a site on this machine.
 */
function secretHere(site: string) {
  if (isTry() && site.startsWith("https:")) return undefined;
  try {
    return readSecrets(setting("FAREBOX_NOTIFY_SECRET"))[0];
  } catch {
    return undefined;
  }
}

function standIn(): string | undefined {
  try {
    return settings().stripeJs;
  } catch {
    return undefined;
  }
}
