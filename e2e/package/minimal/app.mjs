// A plain app of Next.js, as create-next-app writes it, and the programs that a developer runs in
// it. It is beside the packages of these tests, so that it needs no installation of its own.

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL("..", import.meta.url));
const WORKSPACE = fileURLToPath(new URL("../../..", import.meta.url));
const FAREBOX = join(HERE, "node_modules/farebox/bin/farebox.js");
const NEXT = join(HERE, "node_modules/next/dist/bin/next");
const TARGET = process.env.CARGO_TARGET_DIR ?? join(WORKSPACE, "target");

const TSCONFIG = {
  compilerOptions: {
    target: "ES2017",
    lib: ["dom", "dom.iterable", "esnext"],
    allowJs: true,
    skipLibCheck: true,
    strict: true,
    noEmit: true,
    esModuleInterop: true,
    module: "esnext",
    moduleResolution: "bundler",
    resolveJsonModule: true,
    isolatedModules: true,
    jsx: "react-jsx",
    incremental: true,
    plugins: [{ name: "next" }],
    paths: { "@/*": ["./*"] },
  },
  include: ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts"],
  exclude: ["node_modules"],
};

const LAYOUT = `import type { Metadata } from "next";

export const metadata: Metadata = { title: "Create Next App", icons: "data:," };

export default function RootLayout({ children }: Readonly<{ children: React.ReactNode }>) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`;

const FILES = {
  "tsconfig.json": JSON.stringify(TSCONFIG, null, 2),
  "next.config.ts":
    'import type { NextConfig } from "next";\n\nconst nextConfig: NextConfig = {};\n\n' +
    "export default nextConfig;\n",
  "app/layout.tsx": LAYOUT,
  "app/page.tsx": "export default function Home() {\n  return <main>Hello</main>;\n}\n",
};

/**
 * Writes the app, with `files` and `dependencies` in addition; null stands for a file that it does
 * not have. It goes when `lifetime` ends.
 */
export async function createApp(lifetime, { files = {}, dependencies = {} } = {}) {
  const folder = await mkdtemp(join(HERE, "app-"));
  const app = new App(folder);
  lifetime.after(async () => {
    await app.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const manifest = {
    name: "app",
    private: true,
    scripts: { dev: "next dev", build: "next build", start: "next start" },
    dependencies: { next: "16.4.5", react: "19.3.1", "react-dom": "19.3.1", ...dependencies },
    devDependencies: { typescript: "5.9.3", "@types/node": "20", "@types/react": "19" },
  };
  const all = { "package.json": JSON.stringify(manifest, null, 2), ...FILES, ...files };
  for (const [path, text] of Object.entries(all)) {
    if (text === null) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return app;
}

/** What a person's shell has. */
const environment = (variables) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  NEXT_TELEMETRY_DISABLED: "1",
  FAREBOX_PROGRAM: join(TARGET, "debug", "farebox"),
  ...variables,
});

export class App {
  #children = [];

  constructor(folder) {
    this.folder = folder;
  }

  /** Ends the programs, the latest first. */
  async end() {
    for (const child of this.#children.reverse()) {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
  }

  /** Runs `npx farebox` to its end; returns the output, or throws with it. */
  farebox(words, variables) {
    const options = { cwd: this.folder, env: environment(variables), encoding: "utf8" };
    return execFileSync(process.execPath, [FAREBOX, ...words], options);
  }

  /** Starts `npx farebox dev`, which sends notifications to the site at `shop`. */
  async dev(shop) {
    const ports = ["--headless", "--port", "0", "--sandbox-port", "0"];
    const words = ["dev", ...ports, "--notify", `${shop}/api/farebox`];
    const dev = this.#start([FAREBOX, ...words]);
    return { sandbox: await dev.line(/sandbox +(http\S+)/) };
  }

  build() {
    execFileSync(process.execPath, [NEXT, "build"], {
      cwd: this.folder,
      env: environment({ NODE_ENV: "production" }),
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  /** Starts `next dev` or `next start` on a free port; `line` waits for a line of its output. */
  async next(command, variables) {
    const words = [NEXT, command, "--hostname", "127.0.0.1", "--port", "0"];
    const site = this.#start(words, variables);
    return { shop: await site.line(/Local: +(http:\S+)/), line: site.line };
  }

  #start(words, variables) {
    const child = spawn(process.execPath, words, {
      cwd: this.folder,
      env: environment(variables),
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#children.push(child);
    const printed = [];
    const looks = new Set();
    createInterface({ input: child.stdout }).on("line", (line) => {
      printed.push(line);
      for (const look of looks) look();
    });
    /** The first group of the first line that fits, now or later. */
    const line = (pattern) =>
      new Promise((resolve, reject) => {
        const ended = () => reject(new Error(`it ended before ${pattern}: ${printed.join("\n")}`));
        const look = () => {
          const found = printed.map((text) => pattern.exec(text)).find(Boolean);
          if (!found) return;
          looks.delete(look);
          child.off("exit", ended);
          resolve(found[1]);
        };
        child.once("exit", ended);
        looks.add(look);
        look();
      });
    return { line };
  }
}

/** The payments that the sandbox knows. */
export async function intents(sandbox) {
  const headers = { authorization: "Bearer sk_test_app0123456789" };
  const response = await fetch(`${sandbox}/v1/payment_intents?limit=100`, { headers });
  return (await response.json()).data;
}
