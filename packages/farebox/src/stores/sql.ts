// The tables and statements that the stores share, in SQL that Postgres and SQLite both know.

import {
  KEPT_DAYS,
  type Known,
  type Received,
  type ReceivedObject,
} from "../notifications/store.js";

/**
 * The two tables. Run them in a migration of your own, or by `createTables` of a store.
 *
 * `farebox_messages` has a row for each handled message, and `farebox_objects` one for each order,
 * subscription and caller with entitlements. Times are Unix seconds; `state` is JSON.
 */
export const TABLES: readonly string[] = [
  `create table if not exists farebox_messages (
  id text primary key,
  type text not null,
  handled_at bigint not null
)`,
  `create index if not exists farebox_messages_handled_at on farebox_messages (handled_at)`,
  `create table if not exists farebox_objects (
  name text primary key,
  version bigint not null,
  state text not null,
  updated_at bigint not null
)`,
];

/**
 * How long a delivery waits in Postgres for another one of the same message or object. It holds for
 * locks of the handler as well: a transaction that waits longer is undone, and its message comes
 * again.
 */
export const LOCK_TIMEOUT = "set local lock_timeout = '8s'";

/**
 * Lets one process at a time create the tables: `if not exists` alone fails where two do it at
 * once.
 */
export const LOCK_CREATION = "select pg_advisory_xact_lock(1717662309)";

/**
 * Fails in a transaction of Postgres in which a statement failed. Its commit would be a rollback
 * without an error, although the handler caught the statement's error and returned.
 */
export const PROBE = "select 1";

/** A statement with its parameters, whatever a library calls them. */
export interface Statement {
  readonly parts: readonly string[];
  readonly values: readonly (string | number)[];
}

/** A row as a library returns it: a bigint may be a number, a text or a BigInt. */
export type Row = Record<string, unknown>;

const statement = (parts: TemplateStringsArray, ...values: (string | number)[]): Statement => ({
  parts,
  values,
});

/** The text with `$1`, `$2`, …, as Postgres knows it. */
export const numbered = ({ parts }: Statement): string =>
  parts.reduce((text, part, at) => `${text}$${at}${part}`);

const seconds = (): number => Math.floor(Date.now() / 1000);

/**
 * Notes an id. No row comes back where it was noted before. It waits for a transaction that noted
 * it and has not ended.
 */
const noteMessage = ({ id, type }: Received): Statement => statement`
  insert into farebox_messages (id, type, handled_at)
  values (${id}, ${type}, cast(${seconds()} as bigint))
  on conflict (id) do nothing
  returning id`;

/** Notes an object unless a higher version is noted; the row that comes back has the newest. */
const noteObject = ({ name, version, state }: ReceivedObject): Statement => statement`
  insert into farebox_objects as old (name, version, state, updated_at)
  values (${name}, cast(${version} as bigint), ${JSON.stringify(state)},
    cast(${seconds()} as bigint))
  on conflict (name) do update set
    version = case when old.version > excluded.version then old.version else excluded.version end,
    state = case when old.version > excluded.version then old.state else excluded.state end,
    updated_at = excluded.updated_at
  returning version, state`;

/**
 * Forgets old ids. Those of payments stay: one a payment, however late an operator redelivers a
 * dead letter.
 */
const forget = (): Statement => statement`
  delete from farebox_messages
  where handled_at < cast(${seconds() - KEPT_DAYS * 24 * 60 * 60} as bigint)
    and type not in ('order.paid', 'invoice.paid')`;

/** Sends a statement in the transaction at hand. */
export type Send = (statement: Statement) => Promise<readonly Row[]>;

/**
 * Notes `message` in the transaction of `send`, and runs `work` unless its id was noted before. The
 * caller commits afterwards.
 */
export async function noteAndRun(
  send: Send,
  message: Received,
  work: (known: Known | null) => Promise<void>,
): Promise<"handled" | "repeated"> {
  const [isNew] = await send(noteMessage(message));
  if (!isNew) return "repeated";
  const known = message.object && readKnown(await send(noteObject(message.object)));
  await work(known);
  return "handled";
}

function readKnown([row]: readonly Row[]): Known {
  if (!row) throw new Error("the database returned no row of farebox_objects");
  return { version: Number(row["version"]), state: JSON.parse(String(row["state"])) };
}

const HOUR_MS = 60 * 60 * 1000;

/** Forgets old ids at most once an hour. */
export class Pruning {
  #next = 0;

  /** Runs outside of a message's transaction. After a failure, the next hour tries again. */
  async run(send: Send): Promise<void> {
    if (Date.now() < this.#next) return;
    this.#next = Date.now() + HOUR_MS;
    await send(forget()).catch(() => {});
  }
}
