// Middleware of every page: its Content-Security-Policy, which lets Stripe.js run.

import { createProxy } from "farebox/next";

export const proxy = createProxy({ guests: false, contentSecurityPolicy: true });

export const config = { matcher: ["/((?!api/|_next/static/|_next/image/).*)"] };
