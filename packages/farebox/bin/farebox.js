#!/usr/bin/env node
// `npx farebox`: everything worth reading is in src/cli/main.ts.

import { main } from "../dist/cli/main.js";

process.exitCode = await main(process.argv.slice(2));
