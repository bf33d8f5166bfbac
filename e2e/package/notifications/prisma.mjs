// The client that Prisma generates for the site's own table, as JavaScript.

import { execFile } from "node:child_process";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";

const FOLDER = fileURLToPath(new URL("../node_modules/.farebox-prisma", import.meta.url));
const PROGRAM = createRequire(import.meta.url).resolve("prisma/build/index.js");

const PAGE = fileURLToPath(new URL("../../../docs/notifications.md", import.meta.url));

const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "./client"
}

datasource db {
  provider = "postgresql"
}

model Handled {
  seq     BigInt  @id @default(autoincrement())
  message String  @unique
  orderId String  @map("order_id")
  type    String
  version BigInt
  isLate  Boolean @map("is_late")

  @@map("handled")
}
`;

let made;

/** The class of the client. It is generated once, and then read from its file. */
export const prismaClient = () => (made ??= client());

async function client() {
  const file = join(FOLDER, "client.mjs");
  if (!(await stat(file).catch(() => undefined))) await generate(file);
  return (await import(file)).PrismaClient;
}

async function generate(file) {
  const folder = `${FOLDER}-${process.pid}`;
  await mkdir(folder, { recursive: true });
  const schema = join(folder, "schema.prisma");
  // With the models of the documentation, which so are valid.
  const [, documented] = (await readFile(PAGE, "utf8")).match(/```prisma\n([^]*?)```/);
  await writeFile(schema, `${SCHEMA}\n${documented}`);
  // `generate` reads the schema by WebAssembly. Without this, it would first download the engine
  // of migrations, which these tests do not use.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  await promisify(execFile)(process.execPath, [PROGRAM, "generate", "--schema", schema], {
    env,
    cwd: folder,
  });
  await build({
    entryPoints: [join(folder, "client", "client.ts")],
    outfile: join(folder, "client.mjs"),
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  await mkdir(FOLDER, { recursive: true });
  await rename(join(folder, "client.mjs"), file);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
