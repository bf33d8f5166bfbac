// A site whose visitors sign in by a cookie with their name; a real one has a session. Both routers
// import it, and a page of the Pages Router may not name next/headers at the top.

import { createFarebox } from "farebox/next";

export const farebox = createFarebox({
  caller: async (request) => {
    const headers = request?.headers ?? (await (await import("next/headers")).headers());
    const id = headers.get("cookie")?.match(/\buser=(\w+)/)?.[1];
    return id ? { id } : null;
  },
});
