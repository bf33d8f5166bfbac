// The size of what reaches a browser.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const resolveDir = fileURLToPath(new URL(".", import.meta.url));

/** The bytes of a page's `code`, minified and compressed, without React and Stripe's packages. */
async function sizeOf(code) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir },
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    external: ["react", "react/jsx-runtime", "react-dom", "@stripe/*"],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

test("a checkout and its return page have at most 12 kB", async () => {
  const size = await sizeOf("export { FareboxCheckout, useOrder } from 'farebox/react';");
  assert.ok(size > 4_000 && size <= 12_000, `${size} bytes`);
});

test("all components and hooks have at most 20 kB", async () => {
  const size = await sizeOf("export * from 'farebox/react';");
  assert.ok(size > 4_000 && size <= 20_000, `${size} bytes`);
});
