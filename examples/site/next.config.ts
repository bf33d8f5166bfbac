// Next.js's configuration. proxy.ts forwards to the functions, so that FAREBOX_ORIGIN is read at
// start: a rewrite here would fix it at build time.

import type { NextConfig } from "next";

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
  headers: async () => [
    {
      source: "/:path*",
      headers: [
        { key: "X-Content-Type-Options", value: "nosniff" },
        // The return page's URL contains a payment: never send it to another site.
        { key: "Referrer-Policy", value: "same-origin" },
        {
          key: "Permissions-Policy",
          value: 'camera=(), microphone=(), geolocation=(), payment=(self "https://js.stripe.com")',
        },
      ],
    },
  ],
};

export default config;
