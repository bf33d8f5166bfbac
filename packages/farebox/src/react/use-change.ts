// A change of a subscription: first what it costs, then the change itself, once.

"use client";

import { useRef, useState } from "react";
import { FareboxError } from "../index.js";
import { useSettings } from "./context.js";
import { newKey } from "./key.js";
import {
  changeSubscription,
  previewChange,
  type Change,
  type Changed,
  type Preview,
} from "./requests.js";
import type { Doing } from "./texts.js";
import { useTrouble, type Trouble } from "./trouble.js";

/** What was asked for, and its cost. */
export interface Quoted {
  change: Change;
  preview: Preview;
}

export interface Changing {
  quoted: Quoted | null;
  trouble: Trouble | null;
  isBusy: boolean;
  /** Asks for the cost of a change. */
  quote: (change: Change) => Promise<void>;
  /** Makes the quoted change. */
  make: () => Promise<void>;
  /** Makes a change whose cost needs no look, such as the end with the period. */
  apply: (change: Change) => Promise<void>;
  /** Drops the quoted change. */
  leave: () => void;
}

/** What follows a change. */
export interface Follows {
  /** Called with each answer. Its `payment` is one without which the change is not made. */
  done?: (answer: Changed) => Promise<void> | void;
  /** Called where no answer tells whether it was made. */
  lost?: () => Promise<void> | void;
}

/** Changes the subscription `id`; the same change is sent under one key until it is answered. */
export function useChange(id: string, { done, lost }: Follows = {}): Changing {
  const { basePath } = useSettings();
  const [quoted, setQuoted] = useState<Quoted | null>(null);
  const [failed, setFailed] = useState<{ error: unknown; doing: Doing } | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  /** The change without an answer, and its key. */
  const sent = useRef<{ name: string; key: string } | null>(null);
  const trouble = useTrouble(failed?.doing ?? "change");

  async function busy(work: () => Promise<void>) {
    setIsBusy(true);
    setFailed(null);
    await work();
    setIsBusy(false);
  }

  const quote = (change: Change) =>
    busy(() =>
      previewChange(basePath, id, change).then(
        (preview) => setQuoted({ change, preview }),
        (error: unknown) => setFailed({ error, doing: "preview" }),
      ),
    );

  const apply = (change: Change) =>
    busy(async () => {
      const name = `${id} ${JSON.stringify(change)}`;
      if (sent.current?.name !== name) sent.current = { name, key: newKey() };
      const answer = await changeSubscription(basePath, sent.current.key, id, change).catch(
        (error: unknown) => ({ error }),
      );
      const isLost = "error" in answer && !isRefused(answer.error);
      if (!isLost) {
        // After a refusal the same change would be refused again: it is quoted anew.
        sent.current = null;
        setQuoted(null);
      }
      if ("error" in answer) setFailed({ error: answer.error, doing: "change" });
      if (isLost) await lost?.();
      else if (!("error" in answer)) await done?.(answer);
    });

  const make = async () => {
    if (quoted) await apply(quoted.change);
  };
  const leave = () => {
    setQuoted(null);
    setFailed(null);
  };
  return {
    quoted,
    trouble: failed && trouble(failed.error),
    isBusy,
    quote,
    make,
    apply,
    leave,
  };
}

/** Whether the change was not made for sure; another answer leaves that open. */
const isRefused = (error: unknown) =>
  error instanceof FareboxError && error.status < 500 && error.code !== "in_progress";
