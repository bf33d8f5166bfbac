// Fulfilment: a parcel for each paid order.

import "server-only";
import { and, eq } from "drizzle-orm";
import { database, parcels, type Tx } from "./database";
import { goods } from "./goods";

/** What is paid, of a notification. */
interface PaidOrder {
  orderId: string;
  customer: string;
  items?: Parameters<typeof goods>[0]["items"];
}

const now = () => Math.floor(Date.now() / 1000);

/** Wraps the goods of a paid order. */
export async function wrap(order: PaidOrder, tx: Tx): Promise<void> {
  const { orderId, customer, items = [] } = order;
  await tx
    .insert(parcels)
    .values({ orderId, customer, goods: goods({ items }), state: "wrapped", at: now() });
}

/** Puts the goods of an order that is refunded in full back on the shelf. */
export async function unwrap({ orderId }: Pick<PaidOrder, "orderId">, tx: Tx): Promise<void> {
  const returned = { state: "returned", at: now() } as const;
  await tx.update(parcels).set(returned).where(eq(parcels.orderId, orderId));
}

/**
 * Whether the goods of an order of `customer` are being wrapped: its notification arrived. A
 * database that does not answer never hides what Farebox knows of the order.
 */
export async function isWrapped(orderId: string, customer: string): Promise<boolean> {
  const isTheirs = and(eq(parcels.orderId, orderId), eq(parcels.customer, customer));
  try {
    const [parcel] = await database.select().from(parcels).where(isTheirs);
    return parcel?.state === "wrapped";
  } catch (error) {
    console.error(`parcels: ${error instanceof Error ? error.message : "unknown"}`);
    return false;
  }
}
