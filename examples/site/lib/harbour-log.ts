// The harbour log, which subscribers read. The server alone has it.

import "server-only";

export interface Entry {
  day: string;
  wind: string;
  terns: number;
}

export const LOG: readonly Entry[] = [
  { day: "3 May", wind: "south-west, 4", terns: 12 },
  { day: "4 May", wind: "west, 5", terns: 31 },
  { day: "5 May", wind: "north-west, 6", terns: 7 },
  { day: "6 May", wind: "calm", terns: 44 },
];

/** The log as CSV. */
export const logCsv = () =>
  ["day,wind,terns", ...LOG.map(({ day, wind, terns }) => `${day},"${wind}",${terns}`), ""].join(
    "\r\n",
  );
