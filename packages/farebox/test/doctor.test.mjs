// `npx farebox doctor` in a site whose routes are the package's own, with the functions of
// `farebox dev`.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createFarebox, memoryStore } from "farebox/next";
import { runInit } from "../dist/cli/init.js";
import { checkPolicy } from "../dist/cli/doctor/policy.js";
import { environment, startShop } from "./shop.mjs";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const NOTIFY_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const KEYS = {
  FAREBOX_ORIGIN: "http://127.0.0.1:9",
  FAREBOX_SITE_KEY: "the-site-key-of-the-tests-0123456789",
  FAREBOX_NOTIFY_SECRET: NOTIFY_SECRET,
};

/** A Next.js app with the files of `farebox init`, the packages of this one, and `files`. */
async function folder(t, files = {}) {
  const root = await mkdtemp(join(tmpdir(), "farebox-doctor-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const names = ["next", "react", "@stripe/stripe-js", "@stripe/react-stripe-js"];
  const dependencies = Object.fromEntries(["farebox", ...names].map((name) => [name, "*"]));
  const all = { "package.json": JSON.stringify({ dependencies }), "app/page.tsx": "", ...files };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await mkdir(join(root, "node_modules/@stripe"), { recursive: true });
  for (const name of names)
    await symlink(join(PACKAGE, "node_modules", name), join(root, "node_modules", name));
  await symlink(PACKAGE, join(root, "node_modules/farebox"));
  const print = t.mock.method(console, "log", () => {});
  await runInit(["--yes"], root);
  print.mock.restore();
  return root;
}

/** Serves a site: `routes` by their paths, and a page with `headers` elsewhere; its address. */
async function serve(t, routes, headers = {}) {
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const path = Object.keys(routes).find((path) => incoming.url.startsWith(path));
    const { method } = incoming;
    const body = method === "POST" ? Buffer.concat(chunks) : null;
    const url = `http://${incoming.headers.host}${incoming.url}`;
    const request = new Request(url, { method, headers: incoming.headers, body });
    const answer = path ? await routes[path](request) : new Response("a page", { headers });
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

/** The routes of a site with the package. */
function routes() {
  const farebox = createFarebox({ caller: () => null, store: memoryStore() });
  const { GET, POST } = farebox.handlers();
  const forward = (request) => (request.method === "GET" ? GET(request) : POST(request));
  return { "/api/payments/": forward, "/api/farebox": farebox.notifications({}) };
}

/** Runs the doctor in a folder; returns the exit code, the output and its lines by subject. */
async function doctor(root, words = [], variables = {}) {
  const { PATH, FAREBOX_DEV_DIR } = process.env;
  const env = { PATH, HOME: root, ...(FAREBOX_DEV_DIR && { FAREBOX_DEV_DIR }), ...variables };
  const command = [join(PACKAGE, "bin/farebox.js"), "doctor", ...words];
  const child = spawn(process.execPath, command, { cwd: root, env, stdio: ["ignore", "pipe", 2] });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  const [code] = await once(child, "close");
  const lines = output.matchAll(/^(ok|problem|unknown) +(.*?): (.*)$/gm);
  const found = new Map([...lines].map(([, outcome, what, text]) => [what, { outcome, text }]));
  return { code, output, found };
}

test("a site beside a running `farebox dev` has no problem", async (t) => {
  await startShop(t);
  const url = await serve(t, routes());
  const { code, output, found } = await doctor(await folder(t), ["--site", url]);
  assert.equal(code, 0, output);
  for (const what of [
    "next",
    "FAREBOX_SITE_KEY",
    "FAREBOX_NOTIFY_SECRET",
    "app/api/payments/[...path]/route.js",
    "app/api/farebox/route.js",
    "Farebox",
    url,
    "POST /api/payments/create-intent",
    "GET /api/payments/health",
    "POST /api/farebox",
    "farebox_guest",
  ])
    assert.equal(found.get(what)?.outcome, "ok", `${what}\n${output}`);
  assert.match(found.get("FAREBOX_NOTIFY_SECRET").text, /the site has the same secret/);
});

test("settings of the files are read, and no value is shown", async (t) => {
  const file = Object.entries(KEYS).map(([name, value]) => `${name}=${value}\n`);
  const root = await folder(t, { ".env.local": file.join("") });
  const { output, found } = await doctor(root);
  assert.match(found.get("FAREBOX_SITE_KEY").text, /from \.env\.local$/);
  assert.equal(found.get("FAREBOX_NOTIFY_SECRET").outcome, "ok");
  assert.deepEqual([found.get("Farebox").outcome, found.size > 8], ["problem", true]);
  assert.match(found.get("Farebox").text, /cannot be reached/);
  for (const value of [KEYS.FAREBOX_SITE_KEY, NOTIFY_SECRET.slice(6)])
    assert.ok(!output.includes(value), output);
});

for (const [name, value, text] of [
  ["FAREBOX_ORIGIN", "pay.shop.example", /must be an origin/],
  ["FAREBOX_SITE_KEY", "short", /too short/],
  ["FAREBOX_SITE_KEY", undefined, /is not set/],
  ["FAREBOX_NOTIFY_SECRET", "whsec_c2hvcnQ=", /at least 24 random bytes/],
  ["FAREBOX_NOTIFY_SECRET", undefined, /is not set/],
]) {
  test(`a problem of ${name} is named: ${value ?? "nothing"}`, async (t) => {
    const variables = { ...KEYS, [name]: value };
    if (value === undefined) delete variables[name];
    const { code, found } = await doctor(await folder(t), [], variables);
    assert.equal(code, 1);
    assert.equal(found.get(name).outcome, "problem");
    assert.match(found.get(name).text, text);
  });
}

test("production has no `farebox dev`, and wants a store and https", async (t) => {
  await startShop(t);
  const root = await folder(t);
  const site = ["--site", "https://127.0.0.1:9"];
  const without = await doctor(root, site);
  assert.match(without.found.get("FAREBOX_ORIGIN").text, /a deployment has no `farebox dev`/);
  assert.equal(without.found.get("lib/farebox.js").outcome, "problem");
  assert.ok(!without.found.has("Farebox"));
  const plain = await doctor(root, site, KEYS);
  assert.match(plain.found.get("FAREBOX_ORIGIN").text, /must be https/);
});

test("a key in a page or in the repository is a problem", async (t) => {
  const root = await folder(t, { ".env": `FAREBOX_SITE_KEY=${KEYS.FAREBOX_SITE_KEY}\n` });
  execFileSync("git", ["init", "--quiet"], { cwd: root });
  execFileSync("git", ["add", "--force", ".env"], { cwd: root });
  const open = { NEXT_PUBLIC_KEY: KEYS.FAREBOX_SITE_KEY };
  const { found } = await doctor(root, [], { ...KEYS, ...open });
  assert.match(found.get(".env").text, /git tracks it, and it holds FAREBOX_SITE_KEY/);
  assert.match(found.get("NEXT_PUBLIC_KEY").text, /puts it into every page/);
});

test("a site without the routes, or with a sign-in before them, is told", async (t) => {
  const root = await folder(t);
  await rm(join(root, "app/api"), { recursive: true });
  const nothing = await serve(t, { "/api/": () => new Response("none", { status: 404 }) });
  const missing = await doctor(root, ["--site", nothing], KEYS);
  assert.match(missing.found.get("api/farebox").text, /npx farebox init/);
  assert.match(missing.found.get("POST /api/farebox").text, /there is no such route/);

  const headers = { location: "/sign-in" };
  const closed = await serve(t, { "/api/": () => new Response(null, { status: 307, headers }) });
  const redirected = await doctor(root, ["--site", closed], KEYS);
  assert.match(redirected.found.get("POST /api/farebox").text, /does proxy\.ts/);
});

test("a site that believes everybody is a problem", async (t) => {
  const yes = () => Response.json({});
  const open = await serve(t, { "/api/": yes });
  const { found } = await doctor(await folder(t), ["--site", open], KEYS);
  assert.match(found.get("POST /api/farebox").text, /accepts a notification without a signature/);
  assert.equal(found.get("POST /api/payments/create-intent").outcome, "problem");
  assert.equal(found.get("GET /api/payments/health").outcome, "problem");
});

test("a site with another secret, and a cookie that scripts can read, are problems", async (t) => {
  environment(t, { ...KEYS, FAREBOX_NOTIFY_SECRET: `whsec_${"c2VjcmV0".repeat(5)}` });
  const url = await serve(t, routes(), { "set-cookie": "farebox_guest=a; Path=/; SameSite=Lax" });
  const { found } = await doctor(await folder(t), ["--site", url], KEYS);
  assert.match(found.get("FAREBOX_NOTIFY_SECRET").text, /the site has another secret/);
  assert.match(found.get("farebox_guest").text, /lacks HttpOnly$/);
});

test("where functions have their settings here, the program checks them as well", async (t) => {
  const root = await folder(t, { ".env": "DATABASE_URL=postgres://shop\n" });
  const program = join(root, "program");
  const told = "console.log(process.argv.slice(2).join(' '), process.env.DATABASE_URL)";
  await writeFile(program, `#!${process.execPath}\n${told}\nprocess.exit(3)`, { mode: 0o755 });
  const variables = { ...KEYS, FAREBOX_PROGRAM: program };
  const webhook = "https://pay.shop.example/api/webhooks/stripe";
  assert.ok(!(await doctor(root, [], variables)).output.includes("The functions:"));
  const functions = await doctor(root, [], { ...variables, FAREBOX_NOTIFY_URL: "log:" });
  assert.match(functions.output, /\nThe functions:\ndoctor undefined\n$/);
  assert.equal(functions.code, 3);
  const named = await doctor(root, ["--url", webhook], variables);
  assert.match(named.output, new RegExp(`\ndoctor --url ${webhook} undefined\n$`));
  await rm(join(root, "package.json"));
  const alone = await doctor(root, [], variables);
  assert.equal(alone.output, "doctor undefined\n");
});

test("a policy that blocks a part of a payment is a problem that names the directive", () => {
  const outcome = (policy, standIn) => checkPolicy(policy, "/checkout", standIn);
  assert.equal(outcome(null)[0].outcome, "unknown");
  const good =
    "default-src 'self'; script-src 'self' https://js.stripe.com; " +
    "frame-src https://*.stripe.com; connect-src https://api.stripe.com";
  assert.deepEqual(outcome(good).map(({ outcome }) => outcome), ["ok"]);
  assert.deepEqual(
    outcome("default-src 'self' https:").map(({ outcome }) => outcome),
    ["ok"],
  );
  const texts = outcome("default-src 'self'; script-src 'nonce-a' 'strict-dynamic'");
  assert.deepEqual(
    texts.map(({ text }) => text.replace("/checkout blocks ", "")),
    [
      "the card form: frame-src lacks https://js.stripe.com",
      "3-D Secure: frame-src lacks https://hooks.stripe.com",
      "calls to Stripe: connect-src lacks https://api.stripe.com",
    ],
  );
  const sandbox = outcome(good, "http://127.0.0.1:12111/endive/stripe.js");
  assert.match(sandbox[0].text, /connect-src lacks http:\/\/127\.0\.0\.1:12111/);
});
