// The site's own database, by Drizzle: a file of SQLite, or Postgres where DATABASE_URL names one.
// Both have the same tables, so the rest of the site uses the types of Postgres alone.

import "server-only";
import { sql, type SQL } from "drizzle-orm";
import { drizzle as sqlite, type LibSQLDatabase } from "drizzle-orm/libsql";
import { drizzle as postgres, type NodePgDatabase } from "drizzle-orm/node-postgres";
import {
  createTables as createNotesTables,
  drizzleStore,
  type TransactionOf,
} from "farebox/stores/drizzle";
import { liteParcels, parcels as pgParcels, TABLES } from "./schema";

/** A transaction, which a notification's handler receives. */
export type Tx = TransactionOf<NodePgDatabase>;

const url = process.env.DATABASE_URL ?? "file:site.sqlite";

export const isPostgres = /^postgres(ql)?:/.test(url);

export const database: NodePgDatabase = isPostgres
  ? postgres(url)
  : (sqlite(url) as unknown as NodePgDatabase);

export const parcels = isPostgres ? pgParcels : (liteParcels as unknown as typeof pgParcels);

/** Notes the notifications that were handled. */
export const store = drizzleStore(database);

/** Creates the tables that are missing. */
export async function createTables(): Promise<void> {
  await createNotesTables(database);
  for (const table of TABLES) await run(sql.raw(table));
}

const run = (statement: SQL) =>
  isPostgres
    ? database.execute(statement)
    : (database as unknown as LibSQLDatabase).run(statement);
