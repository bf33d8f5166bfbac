// The redirect after sign-in.

const HERE = "http://here.invalid";

/**
 * `to`, if it is a path of this site's, else the shop: a link from elsewhere must not lead away
 * after the sign-in.
 */
export function ownPath(to: string | string[] | undefined): string {
  if (typeof to !== "string" || !to.startsWith("/")) return "/";
  const url = here(to);
  const path = url && url.pathname + url.search;
  // Parsed once more, as the browser does: `/.//evil.example` becomes `//evil.example`.
  return path && here(path)?.href === url.origin + path ? path : "/";
}

/** Resolves `path` as a browser on this site does; undefined for another site. */
function here(path: string): URL | null {
  const url = URL.canParse(path, HERE) ? new URL(path, HERE) : null;
  return url?.origin === HERE ? url : null;
}
