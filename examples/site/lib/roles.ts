// The site's roles, and their pages. The functions check the permissions themselves.

/** A role of Farebox's roles.json. */
export type Role = "guest" | "customer" | "support" | "finance";

/** Returns true for roles with the staff page. */
export const isStaff = (role: Role | undefined) => role === "support" || role === "finance";

/** Returns true for roles that capture, cancel and refund orders. */
export const changesOrders = (role: Role | undefined) => role === "finance";

/** Returns true for roles that can buy. */
export const buys = (role: Role | undefined) => role === "guest" || role === "customer";

/** Returns true for roles that can hold a subscription: a guest has no customer at Stripe. */
export const isSubscriber = (role: Role | undefined) => role === "customer";
