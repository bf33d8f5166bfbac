// A finding: one line of the report, in the form of the program's own doctor.

export type Outcome = "ok" | "problem" | "unknown";

export interface Finding {
  outcome: Outcome;
  what: string;
  text: string;
}

/** `what` passed; `text` explains. */
export const ok = (what: string, text: string): Finding => ({ outcome: "ok", what, text });

/** `what` needs to be fixed; `text` says how. */
export const problem = (what: string, text: string): Finding => ({
  outcome: "problem",
  what,
  text,
});

/** `what` could not be checked, or is for a person to decide; `text` says why. */
export const unknown = (what: string, text: string): Finding => ({
  outcome: "unknown",
  what,
  text,
});

/** The line of a finding. */
export const line = ({ outcome, what, text }: Finding): string =>
  `${outcome.padEnd(8)} ${what}: ${text}`;
