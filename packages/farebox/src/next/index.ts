// Farebox in a site on Next.js. It has the site's keys, so no client component can import it.

export { createFarebox, type Farebox, type FareboxOptions } from "./create.js";
export type { RouteHandler } from "./handler.js";
export type { Handler, Handlers, Message } from "../notifications/handlers.js";
export { memoryStore } from "../notifications/memory.js";
export type { Known, NotificationStore, Received } from "../notifications/store.js";
export { contentSecurityPolicy, newNonce, type PolicyOptions } from "./policy.js";
export { createProxy, withGuest, type Proxy, type ProxyOptions } from "./proxy.js";
export type { Pages, ReadCaller } from "./site.js";
export { CallerError, type Caller, type User } from "../server/caller.js";
export { OrderError } from "../server/order-claims.js";
export type { SignedLine, SignedOrder, SignedShipping, SignOptions } from "../server/order.js";
export { SettingError } from "../server/settings.js";
