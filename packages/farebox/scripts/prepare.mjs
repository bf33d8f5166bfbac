// Builds the package where a folder installs it from this one, or where it is packed. npm installs
// no development dependencies of a folder, so this does.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));
const npm = (...words) => execFileSync("npm", words, { cwd, stdio: "inherit" });

if (!existsSync(new URL("../node_modules/typescript", import.meta.url)))
  npm("ci", "--ignore-scripts", "--no-audit", "--no-fund");
npm("run", "build", "--silent");
