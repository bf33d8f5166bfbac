import { createProxy } from "farebox/proxy";

export const proxy = createProxy({ contentSecurityPolicy: true });

export const config = { matcher: ["/((?!api/|_next/static/|_next/image/).*)"] };
