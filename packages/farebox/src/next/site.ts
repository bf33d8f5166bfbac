// Who a request is from: the site's signed-in user, or a guest.

import type { NextApiRequest, NextApiResponse } from "next";
import { CallerError, checked, guest, type CheckedCaller, type User } from "../server/caller.js";
import { isSignal } from "../server/client.js";
import { settings } from "../server/settings.js";
import { atHand } from "./at-hand.js";
import { guestCookie, guestIn, guestOf } from "./guest.js";
import { described, Refusal } from "./refusal.js";
import type { Route } from "./routes.js";

/** The request and response of a route of the Pages Router. */
export interface Pages {
  req: NextApiRequest;
  res: NextApiResponse;
}

/**
 * Returns the signed-in user of a request, or null for a guest. `request` is absent in a server
 * component; `pages` is there in the Pages Router, for libraries that take its `req` and `res`.
 */
export type ReadCaller = (
  request?: Request,
  pages?: Pages,
) => User | null | undefined | Promise<User | null | undefined>;

/** Who a request is from. */
export interface Visitor {
  caller: CheckedCaller;
  /** The cookie to set, where the request made them a guest. */
  cookie?: string;
  /** The guest that a user was in this browser before they signed in. */
  before?: CheckedCaller;
}

const STRANGER = new Refusal(401, "unauthenticated", "sign in first");

export class Site {
  constructor(
    private readonly readCaller: ReadCaller,
    readonly hasGuests: boolean,
  ) {}

  /**
   * The visitor of a request to `route`. The first request that starts a payment makes a guest.
   *
   * @throws {Refusal} for a stranger, and where the site's own callback failed.
   */
  async visitor(request: Request, route: Route, pages?: Pages): Promise<Visitor> {
    const user = await this.user(request, pages);
    const known = this.hasGuests ? guestIn(request) : undefined;
    if (user) return { caller: user, ...(known && { before: guest(known) }) };
    if (!this.hasGuests) throw STRANGER;
    if (known) return { caller: guest(known) };
    if (!route.startsPayment) throw STRANGER;
    const key = request.headers.get("idempotency-key");
    const id = await guestOf(key, settings().siteKey);
    return { caller: guest(id), cookie: guestCookie(id, request) };
  }

  /** The caller of the request at hand, in a server component, a server action or a route. */
  async current(): Promise<CheckedCaller> {
    const user = await this.readCaller();
    if (user) return checked(user);
    const id = this.hasGuests ? guestIn(await atHand()) : undefined;
    if (id === undefined)
      throw new CallerError(
        "id",
        "is missing: nobody is signed in, and there is no guest's cookie",
      );
    return guest(id);
  }

  private async user(request: Request, pages?: Pages): Promise<CheckedCaller | undefined> {
    const user = await this.read(request, pages);
    return user ? checked(user) : undefined;
  }

  private async read(request: Request, pages?: Pages): Promise<User | null | undefined> {
    try {
      return await this.readCaller(request, pages);
    } catch (error) {
      if (isSignal(error)) throw error;
      const log = `\`caller\` of createFarebox failed: ${described(error)}`;
      throw new Refusal(500, "internal", "this site could not tell who is calling", log);
    }
  }
}
