// The transactions that the handlers of each store receive, which only the compiler checks.

import type { PgTransaction } from "drizzle-orm/pg-core";
import { drizzle as drizzleLibsql } from "drizzle-orm/libsql";
import { drizzle } from "drizzle-orm/node-postgres";
import { pgTable, text } from "drizzle-orm/pg-core";
import { createFarebox } from "farebox/next";
import { drizzleStore } from "farebox/stores/drizzle";
import { pgStore } from "farebox/stores/pg";
import pg from "pg";

const shipments = pgTable("shipments", { orderId: text("order_id").primaryKey() });
const caller = () => null;
const pool = new pg.Pool();

createFarebox({ caller, store: pgStore(pool) }).notifications({
  "order.paid": async ({ orderId }, tx) => {
    const client: pg.PoolClient = tx;
    await client.query("insert into shipments values ($1)", [orderId]);
  },
});

createFarebox({ caller, store: drizzleStore(drizzle(pool)) }).notifications({
  "order.paid": async ({ orderId }, tx) => {
    const transaction: PgTransaction<any, any, any> = tx;
    void transaction;
    await tx.insert(shipments).values({ orderId });
    // @ts-expect-error The table has no such column.
    await tx.insert(shipments).values({ order: orderId });
  },
});

createFarebox({ caller, store: drizzleStore(drizzleLibsql("file:site")) }).notifications({
  "order.paid": async (_, tx) => void (await tx.run("select 1")),
});

createFarebox({ caller }).notifications({
  "order.paid": (_, tx) => void (tx satisfies undefined),
});
