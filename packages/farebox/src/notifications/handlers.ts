// The handlers that a site gives, and the choice of one for a message.

import type { KnownType, Notification, NotificationOf } from "../events.js";

/** The message that a handler's data come from. */
export interface Message<Type extends string = string> {
  /** `msg_…`, the same in each delivery. */
  readonly id: string;
  readonly type: Type;
  /** The time when Farebox wrote it, in Unix seconds. */
  readonly timestamp: number;
  /**
   * True where the site knew a newer version of the object already. The data are then the newest
   * ones, with the payer and the invoice of this message.
   */
  readonly isLate: boolean;
}

/**
 * Does the site's work for a message, in the transaction `tx`. It runs once: what it wrote by `tx`
 * stays where it returns, and is undone where it throws; Farebox then sends the message again.
 */
export type Handler<Type extends KnownType, Tx> = (
  data: NotificationOf<Type>["data"],
  tx: Tx,
  message: Message<NotificationOf<Type>["type"]>,
) => unknown;

/** A handler for each type that the site cares about. Others are acknowledged. */
export type Handlers<Tx> = {
  [Type in KnownType]?: Handler<Type, Tx>;
} & {
  /** Each other type: those without a handler, and those that this version does not know. */
  default?: (data: unknown, tx: Tx, message: Message) => unknown;
};

type Any<Tx> = (data: unknown, tx: Tx, message: Message) => unknown;

/** The handler of `type`: its own, that of all forwarded events, or the default. */
export function handlerOf<Tx>(handlers: Handlers<Tx>, type: string): Any<Tx> | undefined {
  const own = (name: string): Any<Tx> | undefined =>
    Object.hasOwn(handlers, name) ? (handlers as Record<string, Any<Tx>>)[name] : undefined;
  const forwarded = type.startsWith("stripe.") ? own("stripe.*") : undefined;
  // A message of type "default" does not exist; "stripe.*" is no type either.
  return own(type) ?? forwarded ?? own("default");
}

/** A notification, as a discriminated union of all types. */
export type { Notification };
