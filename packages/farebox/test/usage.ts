// Example calls of a site, which only the compiler checks.

import { answer, createClient, FareboxError, keyed, newKey, type Schemas } from "farebox";

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
