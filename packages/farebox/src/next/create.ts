// `createFarebox`: all that a site on Next.js has of Farebox.

import type { NextApiHandler } from "next";
import type { Client } from "openapi-fetch";
import type { Routes } from "../index.js";
import type { Handlers } from "../notifications/handlers.js";
import { nodeReceiver, receiver } from "../notifications/receive.js";
import type { NotificationStore } from "../notifications/store.js";
import {
  checked,
  GUEST,
  type Caller,
  type CheckedCaller,
  type User,
} from "../server/caller.js";
import { can, createServerClient } from "../server/client.js";
import { signOrder, type SignedOrder, type SignOptions } from "../server/order.js";
import { setting } from "../server/settings.js";
import { endedGuest, guestIn } from "./guest.js";
import { createHandler, type RouteHandler } from "./handler.js";
import { createPagesHandler } from "./pages.js";
import { createProxy, type Proxy, type ProxyOptions } from "./proxy.js";
import { atHandIfAny, requested } from "./at-hand.js";
import { Site, type ReadCaller } from "./site.js";

export interface FareboxOptions<Tx = undefined> {
  /**
   * The signed-in user of the request at hand, or null: a guest. For a user without `roles` these
   * are `["customer"]`.
   */
  caller: ReadCaller;
  /** Whether visitors who are not signed in can pay; by default true. */
  guests?: boolean | undefined;
  /**
   * The header in which the proxy in front of this site writes the payer's address, over or behind
   * what came in. Farebox gets it as `x-client-address`.
   */
  addressHeader?: string | undefined;
  /**
   * Notes the messages that were handled, in the site's own database: one of `farebox/stores`.
   * Without one, development notes them in memory, and production answers notifications with 503.
   */
  store?: NotificationStore<Tx> | undefined;
}

/** What `createFarebox` returns. */
export interface Farebox<Tx = undefined> {
  /** The handlers of `app/api/payments/[...path]/route.ts`. */
  handlers(): { GET: RouteHandler; POST: RouteHandler };
  /** The Pages Router. */
  pages: {
    /** The handler of `pages/api/payments/[...path].ts`. */
    handler(): NextApiHandler;
    /**
     * As `notifications`, for `pages/api/farebox.ts`, which exports
     * `config = { api: { bodyParser: false } }` beside it.
     */
    notifications(handlers: Handlers<Tx>): NextApiHandler;
  };
  /** The whole of a proxy.ts, as `createProxy`, with `guests` of this site. */
  proxy(options?: Omit<ProxyOptions, "guests">): Proxy;
  /**
   * The handler of the route that `FAREBOX_NOTIFY_URL` names, such as `POST` of
   * `app/api/farebox/route.ts`. Each of `handlers` runs once for a message, in a transaction of the
   * store; Farebox sends the message again where it throws.
   */
  notifications(handlers: Handlers<Tx>): (request: Request) => Promise<Response>;
  /**
   * Whether `user` may use an entitlement: the lookup key of a price or a feature, or the id of a
   * product. False where nothing is known.
   */
  can(user: User | null | undefined, entitlement: string): Promise<boolean>;
  /**
   * Signs an order for `caller`, by default the caller of the request at hand. Where that is a user
   * who was a guest in this browser, it names that guest as the order's previous owner.
   */
  signOrder(order: SignedOrder, caller?: Caller | null, options?: SignOptions): Promise<string>;
  /**
   * Ends the guest of this browser, in a server action or a route: at a sign-out on a computer that
   * others use. Whoever has the guest's cookie has the guest's orders.
   */
  endGuest(): Promise<void>;
  /** A typed client of Farebox's routes, by default for the caller of the request at hand. */
  client(caller?: Caller): Client<Routes>;
}

export function createFarebox<Tx = undefined>(options: FareboxOptions<Tx>): Farebox<Tx> {
  const { caller, guests = true, addressHeader, store } = options;
  if (typeof caller !== "function") throw new TypeError("createFarebox needs `caller`, a function");
  const site = new Site(caller, guests);
  const handler = createHandler(site, addressHeader);
  return {
    handlers: () => ({ GET: handler, POST: handler }),
    notifications: (handlers) => receiver({ handlers, store, secret }),
    pages: {
      handler: () => createPagesHandler(site, addressHeader),
      notifications: (handlers) => nodeReceiver({ handlers, store, secret }),
    },
    proxy: (options) => createProxy({ ...options, guests }),
    async can(user, entitlement) {
      await requested();
      return can(user, entitlement);
    },
    client: (caller) => createServerClient(caller ?? (() => site.current())),
    endGuest,
    async signOrder(order, caller, options) {
      const payer = caller ? checked(caller) : await site.current();
      const visitor = () => (caller ? site.current() : payer);
      const previous = order.previousSub ?? (await previousOwner(payer, visitor));
      return signOrder({ ...order, ...(previous && { previousSub: previous }) }, payer, options);
    },
  };
}

const secret = (): string => setting("FAREBOX_NOTIFY_SECRET");

/** The guest whom the payer was in this browser; staff who sign for a customer were another. */
async function previousOwner(
  payer: CheckedCaller,
  visitor: () => CheckedCaller | Promise<CheckedCaller>,
): Promise<string | undefined> {
  if (payer.id.startsWith(GUEST)) return undefined;
  const asked = await atHandIfAny();
  const guest = asked && guestIn(asked);
  if (guest === undefined) return undefined;
  const { id } = await visitor();
  return id === payer.id ? GUEST + guest : undefined;
}

async function endGuest(): Promise<void> {
  const { cookies, headers } = await import("next/headers.js");
  const ended = endedGuest({ headers: await headers() });
  (await cookies()).set(ended);
}
