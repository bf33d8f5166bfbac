// The site's tables, as Postgres and SQLite have them.

import { integer, pgTable, text } from "drizzle-orm/pg-core";
import { integer as liteInteger, sqliteTable, text as liteText } from "drizzle-orm/sqlite-core";

/** What becomes of the goods of a paid order: they are wrapped, or they went back on the shelf. */
export type ParcelState = "wrapped" | "returned";

const id = () => crypto.randomUUID();

/** The goods of each paid order. */
export const parcels = pgTable("parcels", {
  id: text("id").primaryKey().$defaultFn(id),
  orderId: text("order_id").notNull(),
  /** The caller who ordered it. */
  customer: text("customer").notNull(),
  goods: text("goods").notNull(),
  state: text("state").$type<ParcelState>().notNull(),
  /** The time of its state, in Unix seconds. */
  at: integer("at").notNull(),
});

export const liteParcels = sqliteTable("parcels", {
  id: liteText("id").primaryKey().$defaultFn(id),
  orderId: liteText("order_id").notNull(),
  customer: liteText("customer").notNull(),
  goods: liteText("goods").notNull(),
  state: liteText("state").$type<ParcelState>().notNull(),
  at: liteInteger("at").notNull(),
});

/** What creates them, in both databases. */
export const TABLES = [
  `create table if not exists parcels (
    id text primary key,
    order_id text not null,
    customer text not null,
    goods text not null,
    state text not null,
    at integer not null
  )`,
  "create index if not exists parcels_order on parcels (order_id)",
];
