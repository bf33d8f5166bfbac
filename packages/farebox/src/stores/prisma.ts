// Keeps handled messages by Prisma, in Postgres.

import type { Known, NotificationStore, Received } from "../notifications/store.js";
import {
  LOCK_CREATION,
  LOCK_TIMEOUT,
  noteAndRun,
  numbered,
  PROBE,
  Pruning,
  type Row,
  type Send,
  TABLES,
} from "./sql.js";

export { TABLES } from "./sql.js";

/** What the store uses of a client of Prisma's. */
export interface PrismaClientLike {
  $transaction(work: (tx: any) => Promise<any>, options?: TransactionOptions): Promise<any>;
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
}

/** Prisma's limits of a transaction, in milliseconds. */
export interface TransactionOptions {
  /** The longest wait for a connection; by default 5,000. */
  maxWait?: number;
  /** The longest time of a transaction with its handler; by default 15,000. */
  timeout?: number;
}

/** The transaction of a client, which the handlers receive. */
export type TransactionOf<Client> = Client extends {
  $transaction(work: (tx: infer Tx) => Promise<any>, ...rest: any[]): Promise<any>;
}
  ? Tx
  : never;

interface Executor {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>;
  $executeRawUnsafe(query: string, ...values: unknown[]): PromiseLike<number>;
}

/** A store over a client of Prisma's. A handler receives the client of the transaction. */
export function prismaStore<Client extends PrismaClientLike>(
  client: Client,
  options: TransactionOptions = {},
): NotificationStore<TransactionOf<Client>> {
  return new PrismaStore<TransactionOf<Client>>(client, {
    maxWait: 5_000,
    timeout: 15_000,
    ...options,
  });
}

/** Creates the two tables, where they are missing. */
export async function createTables(client: PrismaClientLike): Promise<void> {
  await client.$transaction(async (tx: Executor) => {
    await tx.$executeRawUnsafe(LOCK_CREATION);
    for (const table of TABLES) await tx.$executeRawUnsafe(table);
  });
}

class PrismaStore<Tx> implements NotificationStore<Tx> {
  readonly #pruning = new Pruning();

  constructor(
    private readonly client: PrismaClientLike,
    private readonly options: TransactionOptions,
  ) {}

  async once(
    message: Received,
    work: (tx: Tx, known: Known | null) => Promise<void>,
  ): Promise<"handled" | "repeated"> {
    const outcome = await this.client.$transaction(async (tx: Tx & Executor) => {
      await tx.$executeRawUnsafe(LOCK_TIMEOUT);
      const outcome = await noteAndRun(by(tx), message, (known) => work(tx, known));
      await tx.$executeRawUnsafe(PROBE);
      return outcome;
    }, this.options);
    await this.#pruning.run(by(this.client));
    return outcome;
  }
}

const by =
  (executor: Pick<Executor, "$queryRawUnsafe">): Send =>
  async (statement) =>
    (await executor.$queryRawUnsafe(numbered(statement), ...statement.values)) as readonly Row[];
