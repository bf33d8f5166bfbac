// Keeps the ids of handled messages in this process: for development, and for a site that runs in
// one process and may handle a message again after a restart.

import { notConfigured } from "./errors.js";
import type { Known, NotificationStore, Received } from "./store.js";
import { KEPT_DAYS } from "./store.js";

const KEPT_MS = KEPT_DAYS * 24 * 60 * 60 * 1000;

/** Runs what has the same name one after another. */
class Queues {
  readonly #last = new Map<string, Promise<void>>();

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const run = before.then(work);
    const settled = run.then(
      () => {},
      () => {},
    );
    this.#last.set(name, settled);
    try {
      return await run;
    } finally {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }
}

class MemoryStore implements NotificationStore<undefined> {
  /** The times in milliseconds, in the order of arrival. */
  readonly #handledAt = new Map<string, number>();
  readonly #known = new Map<string, Known>();
  readonly #queues = new Queues();

  once(
    message: Received,
    work: (tx: undefined, known: Known | null) => Promise<void>,
  ): Promise<"handled" | "repeated"> {
    return this.#queues.run(`message ${message.id}`, async () => {
      if (this.#handledAt.has(message.id)) return "repeated";
      const { object } = message;
      if (!object) await work(undefined, null);
      else await this.#queues.run(`object ${object.name}`, () => this.#about(object, work));
      this.#handledAt.set(message.id, Date.now());
      this.#prune();
      return "handled";
    });
  }

  async #about(
    object: NonNullable<Received["object"]>,
    work: (tx: undefined, known: Known | null) => Promise<void>,
  ): Promise<void> {
    const before = this.#known.get(object.name);
    const newest = before && before.version > object.version ? before : object;
    await work(undefined, newest);
    this.#known.set(object.name, { version: newest.version, state: newest.state });
  }

  #prune(): void {
    for (const [id, at] of this.#handledAt) {
      if (Date.now() - at <= KEPT_MS) return;
      this.#handledAt.delete(id);
    }
  }
}

/**
 * A store in memory. What it knows ends with the process: a message that was acknowledged is not
 * sent again, but one whose acknowledgement was lost is handled twice, and so is one that two
 * processes receive. Handlers get no transaction.
 */
export const memoryStore = (): NotificationStore<undefined> => new MemoryStore();

/** Development reloads modules; the store stays. */
const KEY = Symbol.for("farebox.developmentStore");

/**
 * The store of a site that gave none, in development.
 *
 * @throws {NotificationError} in production.
 */
export function developmentStore(): NotificationStore<undefined> {
  if (process.env["NODE_ENV"] === "production") {
    throw notConfigured(
      "createFarebox has no `store`, so a notification could be handled twice: give it one of " +
        "farebox/stores, or memoryStore() where that is good enough",
    );
  }
  const all = globalThis as { [KEY]?: NotificationStore<undefined> };
  return (all[KEY] ??= memoryStore());
}
