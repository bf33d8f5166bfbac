// The texts of the files that `farebox init` writes. A test builds and drives a site of them.

import type { Database } from "./database.js";
import type { SignIn } from "./signin.js";

/** Where a person reads on. */
export interface LibOptions {
  signIn: SignIn;
  database: Database | undefined;
  /** Lines about what was not found, as comments. */
  notes: string[];
}

/** lib/farebox.ts */
export function lib({ signIn, database, notes }: LibOptions): string {
  const imports = [...(database?.imports ?? []), ...signIn.imports];
  const store = `  // Each notification is handled once, in a transaction of this database.
  store: ${database?.store},
`;
  const comments = notes.map((note) => `// ${note}\n`).join("");
  return `import { createFarebox } from "farebox/next";
${imports.map((line) => `${line}\n`).join("")}
${comments}export const farebox = createFarebox({
  // Whose payment it is. Null is a guest, whom a cookie keeps.
  caller: ${signIn.caller},
${database ? store : ""}});
`;
}

/** app/api/payments/[...path]/route.ts */
export const payments = (importOf: string): string => `import { farebox } from "${importOf}";

// Forwards the browser's requests to Farebox, with a token of the caller.
export const { GET, POST } = farebox.handlers();
`;

/** The handlers of notifications, the same in both routers. */
const handlers = (database: Database | undefined) => `{
  // The money has arrived: fulfil the order here. Where this throws, Farebox sends it again.${
    database ? "\n  // The second parameter is the transaction that notes the message." : ""
  }
  "order.paid": async (order) => {
    console.log(\`Order \${order.orderId} is paid\`);
  },
}`;

/** app/api/farebox/route.ts */
export const notifications = (importOf: string, database: Database | undefined): string =>
  `import { farebox } from "${importOf}";

export const POST = farebox.notifications(${handlers(database)});
`;

/** pages/api/payments/[...path].ts */
export const pagesPayments = (importOf: string): string => `import { farebox } from "${importOf}";

// Forwards the browser's requests to Farebox, with a token of the caller.
export default farebox.pages.handler();

export const config = { api: { bodyParser: false } };
`;

/** pages/api/farebox.ts */
export const pagesNotifications = (importOf: string, database: Database | undefined): string =>
  `import { farebox } from "${importOf}";

export default farebox.pages.notifications(${handlers(database)});

// The signature is checked over the bytes as they came.
export const config = { api: { bodyParser: false } };
`;

/** The checkout page. */
export const checkout = (thanks: string): string =>
  `import { FareboxCheckout } from "farebox/react";

// \`price\` is the id of a price in Stripe, or its lookup key. The sandbox of \`farebox dev\` has
// shirt, mug and sticker.
const items = [{ price: "mug", quantity: 1 }];

export default function CheckoutPage() {
  return (
    <main>
      <h1>Checkout</h1>
      <FareboxCheckout items={items} returnUrl="${thanks}" />
    </main>
  );
}
`;

/** The page to which the payer returns. */
export const thanks = (isApp: boolean): string =>
  `${isApp ? '"use client";\n\n' : ""}import { useOrder } from "farebox/react";

// The order decides, and not that the payer came back: \`state\` is "waiting" until it does.
export default function ThanksPage() {
  const { state, title, message } = useOrder();
  return (
    <main data-state={state}>
      <h1>{title}</h1>
      <p role="status">{message}</p>
    </main>
  );
}
`;

/** The settings of a site in production, with their lines of .env.example. */
export const SETTINGS: readonly { name: string; text: string }[] = [
  {
    name: "FAREBOX_ORIGIN",
    text: `# The origin of Farebox's functions. Without it a site finds a running
# \`npx farebox dev\`, also for the next two.
#FAREBOX_ORIGIN=https://pay.shop.example
`,
  },
  {
    name: "FAREBOX_SITE_KEY",
    text: `# The key that signs callers' tokens, the same as the functions': 32 random
# bytes or more.
#FAREBOX_SITE_KEY=...
`,
  },
  {
    name: "FAREBOX_NOTIFY_SECRET",
    text: `# The secret that signs notifications, the same as the functions': 24 random
# bytes or more.
#FAREBOX_NOTIFY_SECRET=whsec_...
`,
  },
];
