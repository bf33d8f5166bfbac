// The Pages Router: its requests and responses are those of Node.js.

import type { IncomingMessage } from "node:http";
import type { NextApiHandler, NextApiRequest, NextApiResponse } from "next";
import { answer } from "./handler.js";
import type { Site } from "./site.js";

/** The handler of `pages/api/payments/[...path].ts`. */
export const createPagesHandler =
  (site: Site, addressHeader: string | undefined): NextApiHandler =>
  async (req, res) => {
    const request = toRequest(req);
    const pages = { req, res };
    await send(res, await answer(site, addressHeader, request, nameOf(req), pages));
  };

/**
 * A request of the Pages Router as the platform's own. Its body is read from the connection, or,
 * where Next.js has parsed it, written again.
 */
export function toRequest(req: NextApiRequest): Request {
  const { method = "GET" } = req;
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? (parsedBody(req) ?? streamOf(req)) : null;
  const init = { method, headers: headersOf(req), body, duplex: "half" };
  return new Request(new URL(req.url ?? "/", originOf(req)), init);
}

/** Sends the platform's response by the Pages Router. */
export async function send(res: NextApiResponse, response: Response): Promise<void> {
  res.status(response.status);
  response.headers.forEach((value, name) => {
    if (name !== "set-cookie") res.setHeader(name, value);
  });
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.appendHeader("set-cookie", cookies);
  res.end(Buffer.from(await response.arrayBuffer()));
}

/** The one segment after the route's folder, which stands in `query` beside the query itself. */
function nameOf({ query, url = "" }: NextApiRequest): string | undefined {
  const path = url.split("?", 1)[0] as string;
  const isTail = (segments: unknown) =>
    Array.isArray(segments) && path.endsWith(`/${segments.map(encodeURIComponent).join("/")}`);
  const segments = Object.values(query).find(isTail);
  return segments?.length === 1 ? segments[0] : undefined;
}

/** Only the path and the query of the URL are used. */
function originOf({ headers }: IncomingMessage): string {
  const proto = String(headers["x-forwarded-proto"] ?? "").split(",", 1)[0];
  const origin = `${proto === "https" ? "https" : "http"}://${headers.host}`;
  return URL.canParse(origin) ? origin : "http://unknown.invalid";
}

function headersOf(req: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) headers.append(name, one);
  return headers;
}

function parsedBody({ body }: { body?: unknown }): string | undefined {
  if (body === undefined) return undefined;
  return typeof body === "string" ? body : JSON.stringify(body);
}

function streamOf(req: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = req[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = (await chunks.next()) as IteratorResult<Uint8Array>;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    // Ending the iteration would close the connection, on which the error is still to be sent.
    cancel() {},
  });
}
