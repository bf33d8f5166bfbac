// Receives a notification: the raw body, its signature and age, its form, and then the site's
// handler, once for each id, in a transaction of the site's own database.
//
// | answer | when                                                                              |
// |--------|-----------------------------------------------------------------------------------|
// | `204`  | the handler returned and its transaction committed, now or at an earlier delivery |
// | `400`  | the signature is missing, forged or more than five minutes off; no notification    |
// | `405`  | not a POST                                                                         |
// | `413`  | the body is over the limit; nothing was hashed                                     |
// | `500`  | the handler threw, or the database failed; Farebox sends the message again         |
// | `503`  | a setting is missing or wrong                                                      |

import type { IncomingMessage, ServerResponse } from "node:http";
import { isKnownType } from "../events.js";
import { SettingError } from "../server/settings.js";
import { acknowledged, type Answer, newRequestId, refused } from "./answer.js";
import { chunksOf, chunksOfNode, readText } from "./body.js";
import { notConfigured, NotificationError } from "./errors.js";
import { handlerOf, type Handlers } from "./handlers.js";
import { type Log, type LogEntry, toConsole } from "./log.js";
import { developmentStore } from "./memory.js";
import { type Envelope, familyOf, readEnvelope, received } from "./message.js";
import { isToHandOn, withNewest } from "./state.js";
import type { Known, NotificationStore } from "./store.js";
import { readSecrets, signedHeaders, verify } from "./verify.js";

/** What the route needs. */
export interface Reception<Tx> {
  handlers: Handlers<Tx>;
  /** Without one, development keeps the ids in memory, and production answers 503. */
  store?: NotificationStore<Tx> | undefined;
  /**
   * `FAREBOX_NOTIFY_SECRET`: one secret, or several separated by commas while it is rotated. It
   * may throw a {@link SettingError}.
   */
  secret: () => string;
  log?: Log | undefined;
}

/** A request, whatever server it came through. */
interface Incoming {
  method: string;
  header: (name: string) => string | null | undefined;
  /** The raw body. */
  chunks: () => AsyncIterable<Uint8Array>;
}

/** The route as a function of a Fetch request. */
export function receiver<Tx>(of: Reception<Tx>): (request: Request) => Promise<Response> {
  return async (request) => {
    const { status, headers, body } = await answerTo(of, {
      method: request.method,
      header: (name) => request.headers.get(name),
      chunks: () => chunksOf(request),
    });
    return new Response(body, { status, headers });
  };
}

/** The route as a handler of Node's requests, such as the Pages Router's. */
export function nodeReceiver<Tx>(
  of: Reception<Tx>,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const { status, headers, body } = await answerTo(of, {
      method: request.method ?? "",
      header: (name) => [request.headers[name]].flat().join(", ") || undefined,
      chunks: () => chunksOfNode(request),
    });
    response.writeHead(status, headers).end(body ?? undefined);
  };
}

async function answerTo<Tx>(of: Reception<Tx>, incoming: Incoming): Promise<Answer> {
  const requestId = newRequestId();
  const log = of.log ?? toConsole;
  try {
    if (incoming.method !== "POST") {
      throw new NotificationError(405, "method_not_allowed", "only POST is allowed");
    }
    const { id, envelope } = await verified(of.secret(), incoming);
    const note = (text: string): void =>
      log({ level: "info", text, requestId, messageId: id, type: envelope.type });
    await accept(of, id, envelope, note);
    return acknowledged();
  } catch (error) {
    log({ ...entryOf(error), requestId });
    return refused(answerOf(error), requestId);
  }
}

/**
 * The message, if it is from Farebox.
 *
 * @throws {NotificationError} @throws {SettingError}
 */
export async function verified(
  secret: string,
  { header, chunks }: Omit<Incoming, "method">,
): Promise<{ id: string; envelope: Envelope }> {
  const secrets = readSecrets(secret);
  const headers = signedHeaders(header);
  const body = await readText(chunks());
  verify(body, headers, secrets);
  return { id: headers.id, envelope: readEnvelope(body) };
}

/** A failure after the signature was verified: of the handler, or of the store. */
class Failed extends Error {
  override readonly name = "Failed";
  constructor(
    readonly messageId: string,
    readonly type: string,
    cause: unknown,
  ) {
    super("the message was not handled", { cause });
  }
}

/** Hands a message to its handler, once. */
async function accept<Tx>(
  of: Reception<Tx>,
  id: string,
  envelope: Envelope,
  note: (text: string) => void,
): Promise<void> {
  const message = received(id, envelope);
  const store = of.store ?? storeWithout();
  if (!isKnownType(envelope.type)) note("this version does not know a notification's type");
  try {
    await store.once(message, async (tx, known) => {
      const reason = await handle(of.handlers, id, envelope, tx, known);
      if (reason) note(reason);
    });
  } catch (error) {
    throw new Failed(id, envelope.type, error);
  }
}

/** Runs the handler, if there is one; returns the reason why a message is not handed on. */
async function handle<Tx>(
  handlers: Handlers<Tx>,
  id: string,
  { type, timestamp, data }: Envelope,
  tx: Tx,
  known: Known | null,
): Promise<string | undefined> {
  const handler = handlerOf(handlers, type);
  if (!handler) return undefined;
  const family = familyOf(type);
  const own = data as Record<string, unknown>;
  if (!known || !family || known.version <= Number(own["version"])) {
    await handler(data, tx, { id, type, timestamp, isLate: false });
    return undefined;
  }
  const newest = withNewest(family, own, known);
  if (!isToHandOn(type, newest)) return "a late notification was not handed on: it is out of date";
  await handler(newest, tx, { id, type, timestamp, isLate: true });
  return undefined;
}

/** The store of a site that gave none: its handlers get no transaction. */
const storeWithout = <Tx>(): NotificationStore<Tx> =>
  developmentStore() as NotificationStore<never>;

/** The answer to a failure. */
function answerOf(error: unknown): NotificationError {
  if (error instanceof NotificationError) return error;
  if (error instanceof SettingError) return notConfigured(error.fault);
  return new NotificationError(500, "internal", "the message was not handled; send it again");
}

/** What the log says of a failure. Nobody has to act on what somebody else sent. */
function entryOf(error: unknown): Omit<LogEntry, "requestId"> {
  if (error instanceof NotificationError) {
    const level = error.status < 500 ? "info" : "error";
    return { level, text: `a notification was refused: ${error.reason}` };
  }
  if (error instanceof SettingError) return { level: "error", text: error.message };
  const text = "a notification was not handled, and will come again";
  if (!(error instanceof Failed)) return { level: "error", text, error };
  const { messageId, type, cause } = error;
  return { level: "error", text, messageId, type, error: cause };
}
