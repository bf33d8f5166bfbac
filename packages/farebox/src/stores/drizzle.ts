// Keeps handled messages by Drizzle, in Postgres or SQLite.

import { sql, type SQL } from "drizzle-orm";
import type { Known, NotificationStore, Received } from "../notifications/store.js";
import {
  LOCK_CREATION,
  LOCK_TIMEOUT,
  noteAndRun,
  PROBE,
  Pruning,
  type Row,
  type Send,
  type Statement,
  TABLES,
} from "./sql.js";

export { TABLES } from "./sql.js";

/**
 * What the store uses of a database of Drizzle's: that of Postgres, or of SQLite by libsql. The
 * type of a transaction is the driver's, so it is `any` here.
 */
export interface DrizzleDatabase {
  transaction(work: (tx: any) => Promise<any>): Promise<any>;
}

/** The transaction of a database, which each handler receives. */
export type TransactionOf<Database extends DrizzleDatabase> = Parameters<
  Parameters<Database["transaction"]>[0]
>[0];

/** A database or transaction, as this store calls it. */
interface Postgres {
  execute(statement: SQL): Promise<Row[] | { rows: Row[] }>;
  transaction<T>(work: (tx: Postgres) => Promise<T>): Promise<T>;
}
interface Sqlite {
  all(statement: SQL): Promise<Row[]>;
  transaction<T>(work: (tx: Sqlite) => Promise<T>): Promise<T>;
}

/**
 * A store over a database of Drizzle's. A handler receives the transaction: what it writes by it
 * commits with the note of the message.
 *
 * @throws {TypeError} for a driver whose transactions are not asynchronous, and for MySQL.
 */
export function drizzleStore<Database extends DrizzleDatabase>(
  database: Database,
): NotificationStore<TransactionOf<Database>> {
  const postgres = asPostgres(database);
  const store = postgres ? new InPostgres(postgres) : new InSqlite(asSqlite(database));
  return store as NotificationStore<unknown> as NotificationStore<TransactionOf<Database>>;
}

/** Creates the two tables, where they are missing. */
export async function createTables(database: DrizzleDatabase): Promise<void> {
  const postgres = asPostgres(database);
  if (!postgres) {
    for (const table of TABLES) await asSqlite(database).all(sql.raw(table));
    return;
  }
  await postgres.transaction(async (tx) => {
    await tx.execute(sql.raw(LOCK_CREATION));
    for (const table of TABLES) await tx.execute(sql.raw(table));
  });
}

class InPostgres implements NotificationStore<Postgres> {
  readonly #pruning = new Pruning();

  constructor(private readonly database: Postgres) {
    surviveLostConnections(database);
  }

  async once(
    message: Received,
    work: (tx: Postgres, known: Known | null) => Promise<void>,
  ): Promise<"handled" | "repeated"> {
    const outcome = await this.database.transaction(async (tx) => {
      await tx.execute(sql.raw(LOCK_TIMEOUT));
      const outcome = await noteAndRun(by(tx), message, (known) => work(tx, known));
      await tx.execute(sql.raw(PROBE));
      return outcome;
    });
    await this.#pruning.run(by(this.database));
    return outcome;
  }
}

const by =
  (database: Postgres): Send =>
  async (statement) => {
    const found = await database.execute(written(statement));
    return Array.isArray(found) ? found : found.rows;
  };

/** The time for which a transaction waits for another process's, in milliseconds. */
const PATIENCE_MS = 8000;
const PAUSE_MS = 20;

class InSqlite implements NotificationStore<Sqlite> {
  readonly #pruning = new Pruning();
  /** SQLite has one writer: in this process they queue. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly database: Sqlite) {}

  async once(
    message: Received,
    work: (tx: Sqlite, known: Known | null) => Promise<void>,
  ): Promise<"handled" | "repeated"> {
    const run = this.#last.then(() => this.#begin(message, work));
    this.#last = run.catch(() => {});
    return run;
  }

  /** Another writer, such as a page of the site, may have the database for a moment. */
  async #begin(
    message: Received,
    work: (tx: Sqlite, known: Known | null) => Promise<void>,
  ): Promise<"handled" | "repeated"> {
    const late = Date.now() + PATIENCE_MS;
    for (;;) {
      let hasBegun = false;
      try {
        const outcome = await this.database.transaction(async (tx) => {
          hasBegun = true;
          return noteAndRun(byAll(tx), message, (known) => work(tx, known));
        });
        await this.#pruning.run(byAll(this.database));
        return outcome;
      } catch (error) {
        if (hasBegun || !isBusy(error) || Date.now() > late) throw error;
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    }
  }
}

const byAll =
  (database: Sqlite): Send =>
  (statement) =>
    database.all(written(statement));

/** A statement with its parameters, as Drizzle has them. */
const written = ({ parts, values }: Statement): SQL =>
  sql.join(
    parts.flatMap((part, at) =>
      at < values.length ? [sql.raw(part), sql`${values[at]}`] : [sql.raw(part)],
    ),
  );

/** The database as one of Postgres; MySQL's has `execute` and `mode`. */
const asPostgres = (database: object): Postgres | undefined =>
  "execute" in database && !("mode" in database) ? (database as Postgres) : undefined;

function asSqlite(database: object): Sqlite {
  if (!("all" in database))
    throw new TypeError("drizzleStore needs a database of Postgres or of SQLite");
  if ("resultKind" in database && database.resultKind === "sync")
    throw new TypeError(
      "drizzleStore needs a driver with asynchronous transactions, such as drizzle-orm/libsql",
    );
  return database as Sqlite;
}

function isBusy(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return String(code).startsWith("SQLITE_BUSY") || (cause instanceof Error && isBusy(cause));
}

/** Pools and connections of `pg` that somebody listens to. */
const heard = new WeakSet<object>();

/**
 * A connection of `pg` that is lost in a transaction emits an error, which ends the process unless
 * somebody listens, and Drizzle does not. The transaction fails either way.
 */
function surviveLostConnections(database: object): void {
  const pool = "$client" in database ? database.$client : undefined;
  if (!isPool(pool) || heard.has(pool)) return;
  heard.add(pool);
  pool.on("acquire", (client) => {
    if (!heard.has(client)) client.on("error", () => {});
    heard.add(client);
  });
}

interface Emitter {
  on(event: string, listener: (client: Emitter) => void): unknown;
}

const isPool = (client: unknown): client is Emitter =>
  typeof client === "object" && client !== null && "totalCount" in client && "on" in client;
