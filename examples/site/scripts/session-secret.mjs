// Before `npm run dev`, and before `npm start` beside `cargo dev`: generates the secret of the
// session cookie if there is none, for this machine only. A deployment has its own secret.

import { randomBytes } from "node:crypto";
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import settings from "@next/env";

const SITE = fileURLToPath(new URL("..", import.meta.url));

// The settings of Next.js: the environment, and this folder's env files.
settings.loadEnvConfig(SITE, process.env.npm_lifecycle_event === "predev");
if (!process.env.FAREBOX_ORIGIN && !process.env.AUTH_SECRET) {
  appendFileSync(`${SITE}/.env.local`, `AUTH_SECRET=${randomBytes(32).toString("base64url")}\n`, {
    mode: 0o600,
  });
}
