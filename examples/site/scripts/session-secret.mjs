// Before `npm run dev`: makes the secret of the session cookie where there is none, for this machine alone.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, appendFileSync } from "node:fs";

const FILE = new URL("../.env.development.local", import.meta.url);

const text = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
if (!process.env.AUTH_SECRET && !/^AUTH_SECRET=./m.test(text)) {
  appendFileSync(FILE, `AUTH_SECRET=${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
}
