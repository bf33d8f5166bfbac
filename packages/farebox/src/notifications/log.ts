// What the notification route logs: ids and types, never data, which may name a person.

/** A line of the log. */
export interface LogEntry {
  level: "info" | "error";
  /** Readable alone. */
  text: string;
  requestId: string;
  /** The message's id and type, once its signature was verified. */
  messageId?: string;
  type?: string;
  /** What was thrown. Its text may hold personal data, so the default log leaves that out. */
  error?: unknown;
}

export type Log = (entry: LogEntry) => void;

/**
 * Writes to the console: of an error the name, the code and the place, and its text in development
 * alone, since a database's errors may quote rows.
 */
export const toConsole: Log = ({ level, text, error, ...ids }) => {
  const facts = Object.entries(ids).map(([name, value]) => `${name}=${value}`);
  const line = `farebox: ${text} (${facts.join(", ")})`;
  if (level === "info") return console.info(line);
  console.error(error === undefined ? line : `${line}: ${described(error)}`);
};

function described(error: unknown): string {
  if (process.env["NODE_ENV"] !== "production") {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  if (!(error instanceof Error)) return `a ${typeof error} was thrown`;
  const code =
    "code" in error && /^[\w.-]{1,64}$/.test(String(error.code)) ? error.code : undefined;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  return [error.name, ...(code === undefined ? [] : [`code ${String(code)}`]), ...frames].join(
    "\n",
  );
}
