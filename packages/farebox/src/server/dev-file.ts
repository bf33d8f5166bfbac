// The file in which a running `farebox dev` or `cargo dev` says how a site on the same machine
// reaches it. Only the Node.js runtime loads this module: `imports` of package.json has another for
// the Edge runtime, which has no files.

import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";

/** The settings of a running `farebox dev`, and the file that has them. */
export interface DevFile {
  path: string;
  settings: Record<string, string | undefined>;
}

const FILE = /^farebox-\d+\.env$/;

/** The settings of the latest `farebox dev` that runs; it makes new keys at each start. */
export function devFile(): DevFile | undefined {
  const running = devFolders()
    .flatMap(filesIn)
    .filter(({ settings }) => isRunning(Number(settings["FAREBOX_DEV_PID"])));
  return running.sort((one, other) => other.at - one.at)[0];
}

/**
 * The folders to look in: `FAREBOX_DEV_DIR`, or else `node_modules/.cache/farebox` and `target/dev`
 * of the site's folder and of those above it. `CARGO_TARGET_DIR` stands for `target`, if it is set.
 */
function devFolders(): string[] {
  const { FAREBOX_DEV_DIR, CARGO_TARGET_DIR } = process.env;
  if (FAREBOX_DEV_DIR) return [FAREBOX_DEV_DIR];
  const folders = CARGO_TARGET_DIR ? [join(CARGO_TARGET_DIR, "dev")] : [];
  for (let folder = process.cwd(); ; folder = dirname(folder)) {
    folders.push(join(folder, "node_modules", ".cache", "farebox"));
    if (!CARGO_TARGET_DIR) folders.push(join(folder, "target", "dev"));
    if (folder === dirname(folder)) return folders;
  }
}

/** The folders to look in, in words. */
export function devPlaces(): string {
  const { FAREBOX_DEV_DIR, CARGO_TARGET_DIR } = process.env;
  if (FAREBOX_DEV_DIR) return FAREBOX_DEV_DIR;
  const target = CARGO_TARGET_DIR ? `${CARGO_TARGET_DIR}/dev or` : "target/dev or";
  return `${target} node_modules/.cache/farebox, from ${process.cwd()} upwards`;
}

function filesIn(folder: string): (DevFile & { at: number })[] {
  try {
    return readdirSync(/* turbopackIgnore: true */ folder)
      .filter((name) => FILE.test(name))
      .flatMap((name) => read(join(folder, name)));
  } catch {
    return []; // There is no such folder.
  }
}

/** The file, unless it is another user's: they would receive the tokens of this site. */
function read(path: string): (DevFile & { at: number })[] {
  let file: number | undefined;
  try {
    // The owner is that of the file which is read, whatever the path names a moment later.
    file = openSync(/* turbopackIgnore: true */ path, "r");
    const { mtimeMs, uid } = fstatSync(file);
    if (process.getuid && process.getuid() !== uid) return [];
    const text = readFileSync(/* turbopackIgnore: true */ file, "utf8");
    return [{ path, at: mtimeMs, settings: parseEnv(text) }];
  } catch {
    return []; // It was deleted since, or may not be read.
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** True when the process runs; no process has the id 0. */
function isRunning(pid: number): boolean {
  try {
    return Number.isInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}
