// Stands for `farebox/server` and `farebox/next` in a browser, where their keys must never be. A
// build of Next.js fails at the first line; what builds in spite of it throws.

import "server-only";

throw new Error(
  "farebox/server and farebox/next belong to the server: a client component must not import them",
);
