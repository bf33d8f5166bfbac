// The stores under test: each over a database, with a way to write a row of the site's own in a
// transaction.

import { createClient } from "@libsql/client";
import { PrismaPg } from "@prisma/adapter-pg";
import { sql } from "drizzle-orm";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { drizzle as drizzlePg } from "drizzle-orm/node-postgres";
import * as drizzleStores from "farebox/stores/drizzle";
import * as pgStores from "farebox/stores/pg";
import * as prismaStores from "farebox/stores/prisma";
import pg from "pg";
import { prismaClient } from "./prisma.mjs";

const COLUMNS = "message, order_id, type, version, is_late";

/** The site's own table, with a row for each message that was handed on. */
const OWN_TABLE = {
  postgres: `create table handled (seq bigserial, message text primary key, order_id text not null,
    type text not null, version bigint not null, is_late boolean not null)`,
  sqlite: `create table handled (seq integer primary key, message text unique not null,
    order_id text not null, type text not null, version integer not null,
    is_late boolean not null)`,
};

const drizzleRow = (row) =>
  sql`insert into handled (${sql.raw(COLUMNS)}) values (${sql.join(
    row.map((value) => sql`${value}`),
    sql`, `,
  )})`;

/** A connection may end while it is idle. */
function poolOf(url) {
  const pool = new pg.Pool({ connectionString: url });
  pool.on("error", () => {});
  return pool;
}

const STORES = {
  pg(url) {
    const pool = poolOf(url);
    return {
      store: pgStores.pgStore(pool),
      createTables: () => pgStores.createTables(pool),
      write: (tx, row) =>
        tx.query(`insert into handled (${COLUMNS}) values ($1, $2, $3, $4, $5)`, row),
      close: () => pool.end(),
    };
  },
  drizzle(url) {
    const pool = poolOf(url);
    const db = drizzlePg(pool);
    return {
      store: drizzleStores.drizzleStore(db),
      createTables: () => drizzleStores.createTables(db),
      write: (tx, row) => tx.execute(drizzleRow(row)),
      close: () => pool.end(),
    };
  },
  async prisma(url) {
    const PrismaClient = await prismaClient();
    const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
    return {
      store: prismaStores.prismaStore(client),
      createTables: () => prismaStores.createTables(client),
      write: (tx, [message, orderId, type, version, isLate]) =>
        tx.handled.create({ data: { message, orderId, type, version, isLate } }),
      close: () => client.$disconnect(),
    };
  },
  libsql(url) {
    // Without a timeout, libsql breaks the connection on which another process let it wait.
    const client = createClient({ url, timeout: 5_000 });
    const db = drizzleLibsql(client);
    return {
      store: drizzleStores.drizzleStore(db),
      createTables: () => drizzleStores.createTables(db),
      write: (tx, row) => tx.run(drizzleRow(row.map((one) => (one === Boolean(one) ? +one : one)))),
      close: async () => client.close(),
    };
  },
};

/** The names of all stores in Postgres. */
export const IN_POSTGRES = ["pg", "drizzle", "prisma"];
export const ALL = Object.keys(STORES);

/** Opens the store with this name. */
export const open = async (name, url) => STORES[name](url);

/** Creates all tables in an empty database, those of Farebox by several connections at once. */
export async function prepare(name, url, run) {
  const isPostgres = IN_POSTGRES.includes(name);
  const opened = await Promise.all([1, 2, 3].map(() => open(name, url)));
  if (isPostgres) await Promise.all(opened.map((one) => one.createTables()));
  else for (const one of opened) await one.createTables();
  await Promise.all(opened.map((one) => one.close()));
  await run(isPostgres ? OWN_TABLE.postgres : OWN_TABLE.sqlite);
}
