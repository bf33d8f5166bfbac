// The JSON of a notification: its envelope, and the object that it is about.

import { malformed } from "./errors.js";
import type { Received, ReceivedObject } from "./store.js";
import { stateOf } from "./state.js";

/** A notification's JSON. `data` has the form of its type, in a version that may be newer. */
export interface Envelope {
  type: string;
  /** The time when it was written, in Unix seconds. */
  timestamp: number;
  data: unknown;
}

const LONGEST_TYPE = 128;

/**
 * Reads a verified body.
 *
 * @throws {NotificationError} names the field that is wrong.
 */
export function readEnvelope(body: string): Envelope {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw malformed("the body is not JSON");
  }
  if (!isRecord(json)) throw malformed("the body is not an object");
  const { type, timestamp, data } = json;
  if (typeof type !== "string" || !/^[a-z0-9_.]+$/.test(type) || type.length > LONGEST_TYPE) {
    throw malformed("`type` is not the type of a notification");
  }
  if (!Number.isSafeInteger(timestamp)) {
    throw malformed("`timestamp` is not a time in seconds");
  }
  return { type, timestamp: timestamp as number, data };
}

/**
 * The note of a message for the store.
 *
 * @throws {NotificationError} where a known kind of message lacks its id or its version.
 */
export function received(id: string, { type, data }: Envelope): Received {
  return { id, type, object: objectOf(type, data) };
}

/** The fields that name the object of a message, by the beginning of its type. */
const NAMED_BY = {
  order: ["order", "orderId"],
  subscription: ["subscription", "subscriptionId"],
  invoice: ["subscription", "subscriptionId"],
  entitlements: ["entitlements", "customer"],
} as const;

export type Family = keyof typeof NAMED_BY;

/** The family of a type: the part before its dot, where this version knows it. */
export function familyOf(type: string): Family | undefined {
  const [family] = type.split(".", 1);
  return family !== undefined && Object.hasOwn(NAMED_BY, family) ? (family as Family) : undefined;
}

function objectOf(type: string, data: unknown): ReceivedObject | null {
  const family = familyOf(type);
  if (!family) return null;
  if (!isRecord(data)) throw malformed("`data` is not an object");
  const [prefix, field] = NAMED_BY[family];
  const id = data[field];
  if (typeof id !== "string" || id === "") throw malformed(`\`data.${field}\` is no id`);
  const { version } = data;
  if (!Number.isSafeInteger(version) || (version as number) < 0) {
    throw malformed("`data.version` is not a version");
  }
  return {
    name: `${prefix}:${id}`,
    version: version as number,
    state: stateOf(family, data),
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
