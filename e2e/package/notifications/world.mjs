// Databases, sites and deliveries for the tests of the stores.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "@libsql/client";
import pg from "pg";
import { order, signed, text } from "../../../packages/farebox/test/notifications.mjs";
import { prepare } from "./stores.mjs";

const SITE = fileURLToPath(new URL("site.mjs", import.meta.url));
const SERVER = process.env.FAREBOX_TEST_POSTGRES;

/** A database of the kind that `store` needs, with the tables, and its rows. */
export async function database(t, store) {
  const { url, rows } = await (store === "libsql" ? sqlite(t) : postgres(t));
  await prepare(store, url, rows);
  const handled = "select message, order_id, type, version, is_late from handled order by seq";
  return {
    url,
    rows,
    /** What was handed on, in the order of its writes. */
    handled: async () =>
      (await rows(handled)).map((row) => ({
        ...row,
        version: Number(row.version),
        is_late: Boolean(row.is_late),
      })),
    ids: async () =>
      (await rows("select id from farebox_messages order by id")).map(({ id }) => id),
  };
}

/** It goes with its server. */
async function postgres(t) {
  if (!SERVER) throw new Error("run it by scripts/postgres");
  const name = `notifications_${randomBytes(6).toString("hex")}`;
  const admin = new pg.Client({ connectionString: `${SERVER}/postgres` });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = `${SERVER}/${name}`;
  const pool = new pg.Pool({ connectionString: url });
  t.after(() => pool.end());
  return { url, rows: async (sql, values) => (await pool.query(sql, values)).rows };
}

async function sqlite(t) {
  const folder = await mkdtemp(join(tmpdir(), "farebox-"));
  const url = `file:${join(folder, "site.sqlite")}`;
  const client = createClient({ url, timeout: 5_000 });
  await client.execute("pragma journal_mode = wal");
  t.after(() => {
    client.close();
    return rm(folder, { recursive: true });
  });
  const rows = async (sql, args = []) =>
    (await client.execute({ sql, args })).rows.map((row) => ({ ...row }));
  return { url, rows };
}

/** A site in a process of its own. */
export async function site(t, store, url) {
  const child = spawn(process.execPath, [SITE, store, url], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  t.after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const printed = [];
  const waiting = new Set();
  createInterface({ input: child.stdout }).on("line", (line) => {
    printed.push(JSON.parse(line));
    for (const look of waiting) look();
  });
  /** The first line that `fits`, now or later. */
  const line = (fits) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = printed.find(fits);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      child.once("exit", () => reject(new Error("the site ended")));
      look();
    });
  const address = await line((one) => String(one).startsWith("http"));
  return {
    /** Resolves when a handler waits. */
    waits: () => line((one) => one === "waiting"),
    /** Lets it go on. */
    go: () => child.stdin.write("\n"),
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
    isRunning: () => child.exitCode === null && child.signalCode === null,
    log: () => printed.filter((one) => typeof one === "object"),
    /** Delivers a message about an order; returns the status, or 0 without an answer. */
    deliver: (id, type, fields = {}) => deliver(address, id, type, fields),
  };
}

async function deliver(address, id, type, fields) {
  const body = text(type, order(fields));
  const sent = fetch(address, { method: "POST", headers: signed(id, body), body });
  return sent.then(
    (response) => response.status,
    () => 0,
  );
}

/**
 * A way to the database that ends a connection at its next commit: `"before"` the server got it, or
 * `"after"` it did and answered. Only once.
 */
export async function cutAtCommit(t, url, when) {
  const { hostname, port } = new URL(url);
  let isArmed = true;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let isCommitting = false;
    const cut = () => {
      client.resetAndDestroy();
      upstream.end();
    };
    client.on("data", (bytes) => {
      const commits = isArmed && /commit/i.test(bytes.toString("latin1"));
      if (commits) isArmed = false;
      if (commits && when === "before") return cut();
      isCommitting ||= commits;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => (isCommitting ? cut() : client.write(bytes)));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const through = new URL(url);
  through.port = String(server.address().port);
  return { url: through.href, wasCut: () => !isArmed };
}

/** Numbers below 1 that are the same for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The same elements in another order. */
export function shuffled(all, next) {
  const out = [...all];
  for (let at = out.length - 1; at > 0; at -= 1) {
    const other = Math.floor(next() * (at + 1));
    [out[at], out[other]] = [out[other], out[at]];
  }
  return out;
}
