// A stand-in for Farebox that answers as a test says, and keeps what it received.

import { once } from "node:events";
import { createServer } from "node:http";
import { environment } from "./shop.mjs";

/** A key of the form that Farebox takes. */
export const SITE_KEY = "a-site-key-of-at-least-32-characters";

/**
 * Starts a server, and lets this process take it for Farebox. `answer` gets the request, its body
 * and the response.
 */
export async function startStandIn(t, answer = json(200, {})) {
  const received = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    received.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${server.address().port}`;
  environment(t, { FAREBOX_ORIGIN: origin, FAREBOX_SITE_KEY: SITE_KEY });
  return { origin, received, server };
}

/** Answers with `body` in JSON. */
export const json = (status, body, headers = {}) =>
  text(status, JSON.stringify(body), { "content-type": "application/json", ...headers });

/** Answers with `body` as it is. */
export const text =
  (status, body, headers = {}) =>
  (_, response) =>
    response.writeHead(status, headers).end(body);
