// `npx farebox`: how it starts the program, and what it says where there is none.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { portOf } from "../dist/cli/dev.js";
import { whyNone } from "../dist/cli/program.js";

const COMMAND = fileURLToPath(new URL("../bin/farebox.js", import.meta.url));

/** A folder with these files, by their paths. */
async function folderWith(t, files) {
  const folder = await mkdtemp(join(tmpdir(), "farebox-cli-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** A program of Node.js in a folder, which is run in the place of Farebox's. */
async function program(t, text, files = {}) {
  const folder = await folderWith(t, { program: `#!${process.execPath}\n${text}`, ...files });
  await chmod(join(folder, "program"), 0o755);
  return { folder, path: join(folder, "program") };
}

/** Starts the command; `output` has all that it printed, and `ended` its exit code and signal. */
function start(folder, words, variables = {}, input = "ignore") {
  const env = { PATH: process.env.PATH, HOME: folder, ...variables };
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd: folder,
    env,
    stdio: [input, "pipe", "pipe"],
  });
  const started = { child, output: "", ended: once(child, "close") };
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (started.output += chunk));
  return started;
}

/** Runs the command to its end. */
async function run(folder, words, variables) {
  const started = start(folder, words, variables);
  const [code, signal] = await started.ended;
  return { code, signal, output: started.output };
}

test("arguments, input, the exit code and the environment pass through", async (t) => {
  const { folder, path } = await program(
    t,
    `process.stdin.on("data", (text) => {
       const { FAREBOX_PROGRAM, FAREBOX_LOG } = process.env;
       const words = JSON.stringify(process.argv.slice(2));
       console.log(words, String(text), FAREBOX_PROGRAM, FAREBOX_LOG);
       process.exit(7);
     });`,
  );
  const words = ["dead-letters", "--an option", "ü"];
  const started = start(folder, words, { FAREBOX_PROGRAM: path, FAREBOX_LOG: "debug" }, "pipe");
  started.child.stdin.end("typed");
  assert.deepEqual(await started.ended, [7, null]);
  assert.equal(started.output, '["dead-letters","--an option","ü"] typed undefined debug\n');
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  test(`${signal} reaches the program, which decides how it ends`, async (t) => {
    const { folder, path } = await program(
      t,
      `process.on("${signal}", () => { console.log("stopped"); process.exit(3); });
       setInterval(() => {}, 1000);
       console.log("ready");`,
    );
    const started = start(folder, ["serve"], { FAREBOX_PROGRAM: path });
    await once(started.child.stdout, "data");
    started.child.kill(signal);
    assert.deepEqual(await started.ended, [3, null]);
    assert.equal(started.output, "ready\nstopped\n");
  });
}

test("a program that a signal ended ends the command by that signal", async (t) => {
  const { folder, path } = await program(t, 'process.kill(process.pid, "SIGKILL");');
  const { code, signal } = await run(folder, ["serve"], { FAREBOX_PROGRAM: path });
  assert.deepEqual([code, signal], [null, "SIGKILL"]);
});

test("the program that cargo installed is found", async (t) => {
  const { folder } = await program(t, "");
  const own = await program(t, 'console.log("cargo\'s", process.argv[2]);');
  await mkdir(join(folder, ".cargo/bin"), { recursive: true });
  await writeFile(
    join(folder, ".cargo/bin/farebox"),
    `#!/bin/sh\nexec ${own.path} "$@"\n`,
    { mode: 0o755 },
  );
  const { code, output } = await run(folder, ["dev"]);
  assert.deepEqual([code, output], [0, "cargo's dev\n"]);
});

test("without a program the command says which platform, and how to get one", async (t) => {
  const folder = await folderWith(t, {});
  const { code, output } = await run(folder, ["dev"]);
  assert.equal(code, 1);
  assert.match(output, /^error: no prebuilt program fits [a-z0-9-]+\. Build it with Rust/);
  assert.match(output, /cargo install --locked/);

  const released = ["linux-x64", "linux-arm64"];
  const mac = whyNone("darwin-arm64", released);
  assert.match(mac, /program fits darwin-arm64: .* linux-x64 and linux-arm64, with glibc/);
  const leftOut = whyNone("linux-x64", released);
  assert.match(leftOut, /npm install --save-dev @farebox\/linux-x64@\d+\.\d+\.\d+\n/);
});

test("a path of no program is an error that names the variable and no value", async (t) => {
  const folder = await folderWith(t, { "no-program": "text" });
  for (const [path, text] of [
    ["secret-path", "FAREBOX_PROGRAM names no file"],
    ["no-program", "cannot be run"],
  ]) {
    const { code, output } = await run(folder, ["dev"], { FAREBOX_PROGRAM: join(folder, path) });
    assert.equal(code, 1);
    assert.ok(output.startsWith("error: ") && output.includes(text), output);
  }
});

test("it shows its usage without a command, and the program judges an unknown one", async (t) => {
  const { folder, path } = await program(t, "process.exit(2)");
  const nothing = await run(folder, []);
  assert.equal(nothing.code, 2);
  assert.match(nothing.output, /^farebox dev/);
  const help = await run(folder, ["--help"]);
  assert.deepEqual([help.code, help.output], [0, nothing.output]);
  const unknown = await run(folder, ["unknown"], { FAREBOX_PROGRAM: path });
  assert.deepEqual([unknown.code, unknown.output], [2, ""]);
});

test("dev sends notifications to the site's route, unless a destination is named", async (t) => {
  const route = { "package.json": "{}", "src/app/api/farebox/route.ts": "" };
  const { folder, path } = await program(t, "console.log(process.argv.slice(2).join(' '))", route);
  const words = async (words, variables) => {
    const { output } = await run(folder, words, { FAREBOX_PROGRAM: path, ...variables });
    return output.trim().split("\n").at(-1);
  };
  const site = "--notify http://localhost:3000/api/farebox";
  assert.equal(await words(["dev", "--headless"]), `dev --headless ${site}`);
  assert.equal(await words(["dev"], { PORT: "8080" }), `dev ${site.replace("3000", "8080")}`);
  const named = "--notify http://localhost:1/x";
  assert.equal(await words(["dev", ...named.split(" ")]), `dev ${named}`);
  assert.equal(await words(["dev"], { FAREBOX_NOTIFY_URL: "log:" }), "dev");
  await rm(join(folder, "src"), { recursive: true });
  assert.equal(await words(["dev"]), "dev");
});

test("the port of `next dev` is that of the script", () => {
  const port = (dev) => portOf({ manifest: { scripts: { dev } } });
  assert.equal(port("next dev --turbopack -p 4000"), "4000");
  assert.equal(port("next dev --port=4001"), "4001");
  assert.equal(port("next dev"), process.env.PORT || "3000");
});
