// The stores under test: each over a database of Postgres, with a way to write a row of the site's
// own in a transaction.

import pg from "pg";
import { createTables, pgStore } from "farebox/stores/pg";

/** The site's own table, with a row for each message that was handed on. */
export const OWN_TABLE = `create table handled (
  seq bigserial,
  message text primary key,
  order_id text not null,
  type text not null,
  version bigint not null,
  is_late boolean not null
)`;

const INSERT = `insert into handled (message, order_id, type, version, is_late) values`;

const STORES = {
  pg: (url) => {
    const pool = new pg.Pool({ connectionString: url });
    // A connection may end while it is idle.
    pool.on("error", () => {});
    return {
      store: pgStore(pool),
      write: (tx, row) => tx.query(`${INSERT} ($1, $2, $3, $4, $5)`, row),
      close: () => pool.end(),
    };
  },
};

/** The names of all stores. */
export const NAMES = Object.keys(STORES);

/** Opens the store with this name. */
export const open = (name, url) => STORES[name](url);

/** Creates all tables in an empty database. */
export async function prepare(url) {
  const pool = new pg.Pool({ connectionString: url });
  await Promise.all(Array.from({ length: 4 }, () => createTables(pool)));
  await pool.query(OWN_TABLE);
  await pool.end();
}
