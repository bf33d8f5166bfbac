// Checks that Farebox answers, and that it accepts this site's tokens. It reads alone.

import { createServerClient } from "../../server/client.js";
import { isTry, SettingError, settings } from "../../server/settings.js";
import { ok, problem, type Finding } from "./finding.js";

/** A caller without orders. */
const NOBODY = { id: "farebox-doctor", roles: ["customer"] };

/** Whether a token of this site is accepted; nothing where the settings have a problem already. */
export async function checkFunctions(isLive: boolean): Promise<Finding[]> {
  // A `farebox dev` on this machine is not what a live site pays at.
  if (isLive && isTry()) return [];
  const what = "Farebox";
  try {
    const { origin } = settings();
    const { response } = await createServerClient(NOBODY).GET("/api/orders", {});
    if (response.ok) return [ok(what, `${origin} answers, and accepts this site's tokens`)];
    if (response.status === 401)
      return [problem(what, `${origin} has another FAREBOX_SITE_KEY, or this clock is wrong`)];
    return [problem(what, `${origin} answers with ${response.status}`)];
  } catch (error) {
    if (error instanceof SettingError) return [];
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const reason = cause instanceof Error && cause.message ? cause.message : "no answer";
    return [problem(what, `cannot be reached: ${reason}`)];
  }
}
