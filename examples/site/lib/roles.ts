// Who the site knows, and what the pages show them. What a role may do, the functions decide.

/** A role of Farebox's roles.json. */
export type Role = "guest" | "customer" | "support" | "finance";

/** Whether the staff page is theirs. */
export const isStaff = (role: Role | undefined) => role === "support" || role === "finance";

/** Whether they are shown how to refund. */
export const refunds = (role: Role | undefined) => role === "finance";

/** Whether they buy. */
export const buys = (role: Role | undefined) => role === "guest" || role === "customer";
