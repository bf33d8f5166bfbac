// The orders of this browser, the latest first: a guest's list.

import { Stored } from "./stored";

const MOST = 20;
const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((id) => typeof id === "string");

export const keptOrders = new Stored<readonly string[]>("shop.orders", [], isList);

export function keepOrder(orderId: string): void {
  const others = keptOrders.read().filter((id) => id !== orderId);
  if (keptOrders.read()[0] !== orderId) keptOrders.write([orderId, ...others].slice(0, MOST));
}
