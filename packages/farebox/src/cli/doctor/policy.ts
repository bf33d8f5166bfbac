// Checks a page's Content-Security-Policy: whether it lets Stripe.js work.

import { ok, problem, unknown, type Finding } from "./finding.js";

const WHAT = "Content-Security-Policy";

/** The URLs that a payment loads, by directive; `blocked` says what fails without them. */
const NEEDS = [
  { directive: "script-src", url: "https://js.stripe.com/v3/", blocked: "Stripe.js" },
  { directive: "frame-src", url: "https://js.stripe.com/v3/", blocked: "the card form" },
  { directive: "frame-src", url: "https://hooks.stripe.com/3d", blocked: "3-D Secure" },
  { directive: "connect-src", url: "https://api.stripe.com/v1", blocked: "calls to Stripe" },
];

/** The directive that counts where one is not set. */
const FALLBACKS: Record<string, string[]> = {
  "script-src": ["script-src-elem", "script-src", "default-src"],
  "frame-src": ["frame-src", "child-src", "default-src"],
  "connect-src": ["connect-src", "default-src"],
};

/** Checks a policy; `standIn` is the URL of the sandbox's Stripe.js, where the site pays there. */
export function checkPolicy(policy: string | null, page: string, standIn?: string): Finding[] {
  if (policy === null) {
    const text = `${page} has none: \`contentSecurityPolicy\` of farebox/next makes one`;
    return [unknown(WHAT, text)];
  }
  const rules = parse(policy);
  const sandbox = { directive: "connect-src", url: standIn ?? "", blocked: "the sandbox" };
  const needs = standIn ? [...NEEDS, sandbox] : NEEDS;
  const wrong = needs.filter((need) => !isAllowed(rules, need));
  if (wrong.length === 0) return [ok(WHAT, `${page} allows what Stripe.js loads`)];
  return wrong.map(({ directive, url, blocked }) => {
    const { origin } = new URL(url);
    return problem(WHAT, `${page} blocks ${blocked}: ${directive} lacks ${origin}`);
  });
}

/** The sources by directive. */
function parse(policy: string): Map<string, string[]> {
  const rules = new Map<string, string[]>();
  for (const rule of policy.split(/[;,]/)) {
    const [name, ...sources] = rule.trim().split(/\s+/);
    // Of a directive that stands twice, the first counts.
    if (name && !rules.has(name.toLowerCase())) rules.set(name.toLowerCase(), sources);
  }
  return rules;
}

function isAllowed(
  rules: Map<string, string[]>,
  { directive, url }: { directive: string; url: string },
): boolean {
  const name = FALLBACKS[directive]?.find((one) => rules.has(one));
  const sources = name === undefined ? undefined : rules.get(name);
  if (sources === undefined) return true;
  // A script with the nonce loads Stripe.js then, whatever its host.
  if (directive === "script-src" && sources.includes("'strict-dynamic'")) return true;
  return sources.some((source) => matches(source, new URL(url)));
}

/** Whether a source of a policy matches a URL. */
function matches(source: string, url: URL): boolean {
  if (source === "*") return true;
  if (/^https?:$/.test(source)) return source === url.protocol;
  const parts = /^(?:(https?):\/\/)?(\*\.)?([^:/]+)(?::(\d+|\*))?(\/.*)?$/.exec(source);
  if (!parts) return false;
  const [, scheme, below, host = "", port, path] = parts;
  if (scheme && `${scheme}:` !== url.protocol) return false;
  const isHost = below ? url.hostname.endsWith(`.${host}`) : url.hostname === host;
  const isPort = port === "*" || (port ?? "") === url.port;
  return isHost && isPort && (!path || url.pathname.startsWith(path));
}
