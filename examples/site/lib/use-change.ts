// A change of a subscription: first what it costs, then the change itself.

"use client";

import { useState } from "react";
import {
  changeSubscription,
  FareboxError,
  previewChange,
  type Change,
  type Changed,
  type Preview,
} from "./payments";
import { trouble, type Trouble } from "./words";

/** What was asked for, and its cost. */
export interface Quoted {
  change: Change;
  preview: Preview;
  /** Kept until it is answered: the same key is the same change. */
  key: string;
}

export interface Changing {
  quoted: Quoted | null;
  wrong: Trouble | null;
  isBusy: boolean;
  /** Asks for the cost of a change. */
  quote: (change: Change) => Promise<void>;
  /** Makes the quoted change. */
  make: () => Promise<void>;
  leave: () => void;
}

/** What follows a change. */
export interface Follows {
  /** Called with each answer. */
  done: (answer: Changed) => Promise<void> | void;
  /** Called where no answer tells whether it was made. */
  lost: () => Promise<void> | void;
}

export function useChange(id: string, { done, lost }: Follows): Changing {
  const [quoted, setQuoted] = useState<Quoted | null>(null);
  const [wrong, setWrong] = useState<Trouble | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  async function busy(work: () => Promise<void>, doing: "preview" | "change") {
    setIsBusy(true);
    setWrong(null);
    try {
      await work();
    } catch (error) {
      setWrong(trouble(error, doing));
      if (doing === "preview") return;
      // After a refusal the same change would be refused again: it is quoted anew.
      if (isRefused(error)) setQuoted(null);
      else await lost();
    } finally {
      setIsBusy(false);
    }
  }

  const quote = (change: Change) =>
    busy(async () => {
      const preview = await previewChange(id, change);
      setQuoted({ change, preview, key: crypto.randomUUID() });
    }, "preview");

  const make = () =>
    busy(async () => {
      if (!quoted) return;
      const answer = await changeSubscription(quoted.key, id, quoted.change);
      setQuoted(null);
      await done(answer);
    }, "change");

  const leave = () => {
    setQuoted(null);
    setWrong(null);
  };
  return { quoted, wrong, isBusy, quote, make, leave };
}

/** Whether the change was not made for sure; another answer leaves that open. */
const isRefused = (error: unknown) =>
  error instanceof FareboxError && error.status < 500 && error.code !== "in_progress";
