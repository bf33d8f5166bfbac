// Keeps handled messages by the package `pg`, or one with its interface, in Postgres.

import type { Known, NotificationStore, Received } from "../notifications/store.js";
import {
  LOCK_CREATION,
  LOCK_TIMEOUT,
  noteAndRun,
  numbered,
  Pruning,
  type Row,
  type Send,
  TABLES,
} from "./sql.js";

export { TABLES } from "./sql.js";

/** What the store uses of a connection. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
  release(error?: Error | boolean): void;
  on(event: "error", listener: (error: Error) => void): unknown;
  removeListener(event: "error", listener: (error: Error) => void): unknown;
}

/** What the store uses of a pool. */
export interface PgPool {
  connect(): Promise<PgClient>;
}

/** The connections of a pool: `PoolClient` of `pg`, whose `connect` has a second form. */
export type ClientOf<Pool extends PgPool> = Pool["connect"] extends {
  (): Promise<infer Client>;
  (callback: never): void;
}
  ? Client
  : Awaited<ReturnType<Pool["connect"]>>;

/**
 * A store over a pool of `pg`. A handler receives the connection, inside the transaction: what it
 * writes by it commits with the note of the message.
 */
export function pgStore<Pool extends PgPool>(pool: Pool): NotificationStore<ClientOf<Pool>> {
  return new PgStore(pool) as NotificationStore<PgClient> as NotificationStore<ClientOf<Pool>>;
}

/** Creates the two tables, where they are missing. */
export async function createTables(pool: PgPool): Promise<void> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query(["begin", LOCK_CREATION, ...TABLES, "commit"].join(";\n"));
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    client.release(failure);
  }
}

class PgStore implements NotificationStore<PgClient> {
  readonly #pruning = new Pruning();

  constructor(private readonly pool: PgPool) {}

  async once(
    message: Received,
    work: (tx: PgClient, known: Known | null) => Promise<void>,
  ): Promise<"handled" | "repeated"> {
    const client = await this.pool.connect();
    // A connection that is lost between two statements would else end the process.
    const ignore = (): void => {};
    client.on("error", ignore);
    let broken: Error | undefined;
    try {
      const send: Send = async (one) => (await client.query(numbered(one), [...one.values])).rows;
      const outcome = await inTransaction(client, () =>
        noteAndRun(send, message, (known) => work(client, known)),
      );
      await this.#pruning.run(send);
      return outcome;
    } catch (error) {
      // It may be in an unknown state, so that the pool must not hand it out again.
      broken = error instanceof Error ? error : new Error("a handler threw");
      throw error;
    } finally {
      client.removeListener("error", ignore);
      client.release(broken);
    }
  }
}

async function inTransaction<T>(client: PgClient, work: () => Promise<T>): Promise<T> {
  await client.query(`begin; ${LOCK_TIMEOUT}`);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
  await commit(client);
  return result;
}

/**
 * Postgres answers `commit` with ROLLBACK, and no error, where a statement of the transaction
 * failed and a handler went on.
 */
async function commit(client: PgClient): Promise<void> {
  const answer = (await client.query("commit")) as { command?: unknown };
  if (answer.command !== "COMMIT") {
    throw new Error(
      "the transaction was rolled back: a statement in it failed, and the handler caught the error",
    );
  }
}
