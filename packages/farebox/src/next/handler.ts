// The route handler of the App Router: authenticates, forwards, answers.

import { callerToken, type Caller } from "../server/caller.js";
import { isSignal } from "../server/client.js";
import { settings } from "../server/settings.js";
import { forward } from "./forward.js";
import { checkOwnPage } from "./own-page.js";
import { refusal } from "./refusal.js";
import { routeOf } from "./routes.js";
import type { Pages, Site } from "./site.js";

/** A handler of a catch-all route, such as `app/api/payments/[...path]/route.ts`. */
export type RouteHandler = (
  request: Request,
  context: { params: Promise<Record<string, string | string[] | undefined>> },
) => Promise<Response>;

export const createHandler =
  (site: Site, addressHeader: string | undefined): RouteHandler =>
  async (request, context) =>
    answer(site, addressHeader, request, nameOf(request, await context?.params));

/** Answers a request to the route `name`. */
export async function answer(
  site: Site,
  addressHeader: string | undefined,
  request: Request,
  name: string | undefined,
  pages?: Pages,
): Promise<Response> {
  try {
    const route = routeOf(name, request.method);
    if (request.method !== "GET") checkOwnPage(request.headers);
    const { caller, cookie, before } = await site.visitor(request, route, pages);
    const sent = { request, route, addressHeader, settings: settings() };
    const answerFor = async (caller: Caller) =>
      forward({ ...sent, token: await callerToken(caller) }).catch(refusal);
    // An unpaid order of the guest moves to the user, so that it is paid once.
    const previous = route.startsPayment && before ? { previousSub: before.id } : {};
    let response = await answerFor({ ...caller, ...previous });
    // A guest's payment is not lost to the payer who signs in while it is under way.
    if (before && route.findsGuests && response.status === 404) response = await answerFor(before);
    if (cookie !== undefined) response.headers.append("set-cookie", cookie);
    return response;
  } catch (error) {
    if (isSignal(error)) throw error;
    return refusal(error);
  }
}

/** The one segment after the route's folder. */
function nameOf(
  request: Request,
  params: Record<string, string | string[] | undefined> | undefined,
): string | undefined {
  const segments = Object.values(params ?? {}).find(Array.isArray);
  if (segments) return segments.length === 1 ? segments[0] : undefined;
  return new URL(request.url).pathname.split("/").at(-1);
}
