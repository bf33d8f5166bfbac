// The site's two databases for a test: a file of SQLite, and Postgres.

import { createClient } from "@libsql/client";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { temporary } from "./processes.mjs";

const SCRIPT = fileURLToPath(new URL("../../../scripts/postgres", import.meta.url));

/**
 * A statement that takes long enough to be killed in, as part of the transaction that writes a
 * parcel.
 */
const SLOW = `create trigger slow before insert on parcels begin
  select count(*) from (
    with recursive steps(n) as (select 1 union all select n + 1 from steps limit 2000000000)
    select n from steps
  );
end`;

function isBusy(error) {
  if (error.code !== "SQLITE_BUSY") throw error;
  return false;
}

/** A file of SQLite. `hold` lets the next parcel's transaction wait until `release`. */
export async function sqlite(t) {
  const url = `file:${await temporary(t)}/site.sqlite`;
  // A connection for each statement: none keeps a lock.
  const execute = async (text) => {
    const client = createClient({ url });
    return client.execute(text).finally(() => client.close());
  };
  return {
    url,
    rows: async (text) => (await execute(text)).rows.map((row) => ({ ...row })),
    hold: () => execute(SLOW),
    release: () => execute("drop trigger slow"),
    /** Resolves when a transaction of the site writes, and holds its lock. */
    async isHeld() {
      for (;;) {
        const isFree = await execute("delete from parcels where false").then(() => true, isBusy);
        if (!isFree) return;
        await new Promise(setImmediate);
      }
    },
  };
}

/**
 * A new database of the server at FAREBOX_TEST_POSTGRES, or of one that runs for the test alone.
 */
export async function postgres(t) {
  const server = process.env.FAREBOX_TEST_POSTGRES ?? (await startServer(t));
  const name = `site_${randomUUID().replaceAll("-", "")}`;
  const admin = new pg.Client(`${server}/postgres`);
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = `${server}/${name}`;
  const pool = new pg.Pool({ connectionString: url });
  pool.on("error", () => {});
  t.after(() => pool.end());
  const rows = async (text) => (await pool.query(text)).rows;
  let holder;
  return {
    url,
    rows,
    async hold() {
      holder = await pool.connect();
      await holder.query("begin; lock table parcels in exclusive mode");
    },
    async release() {
      await holder.query("rollback");
      holder.release();
    },
    async isHeld() {
      const waiting =
        "select from pg_stat_activity " +
        "where datname = current_database() and wait_event_type = 'Lock'";
      while ((await rows(waiting)).length === 0) await new Promise(setImmediate);
    },
  };
}

async function startServer(t) {
  const words = ["sh", "-c", 'echo "$FAREBOX_TEST_POSTGRES"; exec cat'];
  const child = spawn(SCRIPT, words, { stdio: ["pipe", "pipe", "inherit"] });
  t.after(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
  });
  const [address] = await once(createInterface({ input: child.stdout }), "line");
  return address;
}
