// The Edge runtime has no files, so the settings come from the environment alone.

import type { DevFile } from "./dev-file.js";

export const devFile = (): DevFile | undefined => undefined;

export const devPlaces = (): string => "the reach of the Edge runtime, which reads no file";
