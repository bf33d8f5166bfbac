import { createProxy } from "farebox/next";

export const proxy = createProxy({ contentSecurityPolicy: true });

export const config = { matcher: ["/((?!api/|_next/static/|_next/image/).*)"] };
