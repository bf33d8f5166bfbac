// Example calls of a site, which only the compiler checks.

import { answer, createClient, FareboxError, keyed, newKey, type Schemas } from "farebox";
import { createFarebox } from "farebox/next";
import { createProxy, withGuest } from "farebox/proxy";
import { callerToken, signOrder } from "farebox/server";
import type { NextApiHandler } from "next";
import { NextResponse, type NextRequest } from "next/server.js";

const farebox = createClient({ baseUrl: "https://pay.shop.example", token: async () => "a token" });

/** Starts the payment of a cart; keep `key` with that cart. */
export async function start(key: string): Promise<Schemas["Created"]> {
  const body = { items: [{ price: "mug", quantity: 2 }] };
  return answer(farebox.POST("/api/create-intent", { params: keyed(key), body }));
}

/** Checks on the return page that an order is paid. */
export async function isPaid(id: string): Promise<boolean> {
  const order = await answer(farebox.GET("/api/order", { params: { query: { id } } }));
  const status: Schemas["OrderStatus"] = order.status;
  return status === "paid";
}

/** Each route has its own error codes. */
export async function refund(orderId: string): Promise<string> {
  const { data, error } = await farebox.POST("/api/refund", {
    params: keyed(newKey()),
    body: { orderId },
  });
  if (data) return data.refundId;
  if (error.error.code === "refund_limit") return "ask a colleague";
  // @ts-expect-error refund has no such error code
  return error.error.code === "order_already_paid" ? "" : error.error.message;
}

export const wrong = [
  // @ts-expect-error a refund needs a key
  () => farebox.POST("/api/refund", { body: { orderId: "o_1" } }),
  () =>
    farebox.POST("/api/create-intent", {
      params: keyed("k"),
      // @ts-expect-error a quantity is a number
      body: { items: [{ price: "mug", quantity: "2" }] },
    }),
  // @ts-expect-error an order is read, not sent
  () => farebox.POST("/api/order", {}),
  // @ts-expect-error only Stripe calls it
  () => farebox.POST("/api/webhooks/stripe", { body: {} }),
  // @ts-expect-error the route does not exist
  () => farebox.GET("/api/charges", {}),
];

/** Distinguishes errors by their code. */
export function shown(failure: unknown): string {
  if (!(failure instanceof FareboxError)) throw failure;
  return failure.retryAfter === undefined ? failure.message : "one moment";
}

/** A site on Next.js: `lib/farebox.ts`, and what imports it. */
export const site = createFarebox({
  caller: async (request, pages) => (await session(request ?? pages?.req))?.user ?? null,
  addressHeader: process.env["CLIENT_ADDRESS_HEADER"],
});
export const { GET, POST } = site.handlers();
export const pagesHandler: NextApiHandler = site.pages.handler();
export const proxy = createProxy({
  contentSecurityPolicy: { sources: { "img-src": ["https://images.shop.example"] } },
});
export const ownProxy = (request: NextRequest): NextResponse =>
  withGuest(request, (headers) => NextResponse.next({ request: { headers } }));

/** A user as Auth.js has it, with its further fields. */
declare function session(
  from: unknown,
): Promise<{ user?: { id?: string; name?: string | null; email?: string | null } } | null>;

/** A guarded page, a signed order, and a list of orders. */
export async function page(): Promise<string> {
  const user = (await session(undefined))?.user;
  if (!(await site.can(user, "export"))) return "/pricing";
  const order = await site.signOrder({ orderId: "1042", amount: 1999, currency: "usd" });
  const staff = site.client({ id: "fin", roles: ["finance"] });
  const { status } = await answer(staff.GET("/api/order", { params: { query: { id: "1042" } } }));
  return status === "paid" ? "/thanks" : order;
}

const ada = { id: "ada" };
export const wrongOrders = [
  // @ts-expect-error an order has an amount or lines
  () => signOrder({ orderId: "1042", currency: "usd" }, ada),
  // @ts-expect-error a line has a quantity
  () => signOrder({ orderId: "1", currency: "usd", lines: [{ name: "Mug", amount: 1 }] }, ada),
  // @ts-expect-error an order has no such claim
  () => signOrder({ orderId: "1", currency: "usd", amount: 1, price: "mug" }, ada),
  // @ts-expect-error a caller has an id
  () => callerToken({ email: "ada@example.com" }),
  // @ts-expect-error a caller is asked for
  () => createFarebox({}),
];
