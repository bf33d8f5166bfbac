// The Next.js site in a folder: its manifest, its folders and its routes.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/** The path of the route that forwards to Farebox. */
export const PAYMENTS = "api/payments/[...path]";
/** The path of the route that takes notifications. */
export const NOTIFICATIONS = "api/farebox";

/** The endings of modules, as Next.js takes them. */
const ENDINGS = ["ts", "tsx", "js", "jsx", "mjs", "mts"];

export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";

export interface Manifest {
  type?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  packageManager?: string;
}

/** A route of the site. */
export interface Route {
  /** Its file, relative to the site's folder. */
  file: string;
  router: "app" | "pages";
}

export interface Site {
  /** The folder with package.json. */
  root: string;
  manifest: Manifest;
  /** `src` where the routes are in it, else empty. */
  source: string;
  /** The App Router's folder, relative to `root`. */
  app: string | undefined;
  /** The Pages Router's folder, relative to `root`. */
  pages: string | undefined;
  packages: PackageManager;
  /** Whether package.json names a dependency. */
  has(name: string): boolean;
  /** The route at a path such as `api/farebox`. */
  route(path: string): Route | undefined;
  /** The file of the page at a path such as `checkout`, relative to `root`. */
  page(path: string): string | undefined;
  /** The file of a module such as `lib/db`, relative to `root`. */
  module(name: string): string | undefined;
}

/** The site of a folder, or of one above it: the nearest package.json. */
export function findSite(folder: string): Site | undefined {
  const root = upwards(folder, "package.json");
  if (root === undefined) return undefined;
  const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const there = (path: string) => existsSync(join(root, path));
  // Next.js ignores the folders in src where one is beside it.
  const source = !there("app") && !there("pages") && there("src") ? "src" : "";
  const inSource = (name: string) => [join(source, name)].find(there);
  const [app, pages] = [inSource("app"), inSource("pages")];
  const inApp = (path: string, name: string) =>
    app && inFolders(join(root, app), [...path.split("/"), name]);
  const inPages = (path: string) =>
    pages && (moduleAt(join(root, pages, path)) ?? moduleAt(join(root, pages, path, "index")));
  const known = (file: string | undefined) => (file ? relative(root, file) : undefined);
  return {
    root,
    manifest,
    source,
    app,
    pages,
    packages: packageManager(root, manifest),
    has: (name) => [manifest.dependencies, manifest.devDependencies].some((all) => all?.[name]),
    route(path) {
      const [file, other] = [known(inApp(path, "route")), known(inPages(path))];
      if (file) return { file, router: "app" };
      return other ? { file: other, router: "pages" } : undefined;
    },
    page: (path) => known(inApp(path, "page") ?? inPages(path)),
    module: (name) => known(moduleAt(join(root, name))),
  };
}

/** The file of a module, which is named without its ending. */
function moduleAt(path: string): string | undefined {
  return ENDINGS.map((ending) => `${path}.${ending}`).find((file) => existsSync(file));
}

/** The file of the App Router at a path: folders such as `(shop)` count for no part of it. */
function inFolders(folder: string, path: string[]): string | undefined {
  const [part = "", ...rest] = path;
  if (rest.length === 0) {
    const file = moduleAt(join(folder, part));
    if (file) return file;
  }
  const folders = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isDirectory());
  for (const { name } of folders) {
    const isGroup = name.startsWith("(") && name.endsWith(")");
    const below = isGroup ? path : name === part && rest.length > 0 ? rest : undefined;
    const file = below && inFolders(join(folder, name), below);
    if (file) return file;
  }
  return undefined;
}

/** The nearest folder with a file, from `folder` upwards. */
export function upwards(folder: string, ...files: string[]): string | undefined {
  if (files.some((file) => existsSync(join(folder, file)))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : upwards(above, ...files);
}

/** By the field `packageManager`, else by the nearest lock file, which a monorepo has above. */
function packageManager(root: string, manifest: Manifest): PackageManager {
  const locks: [PackageManager, ...string[]][] = [
    ["pnpm", "pnpm-lock.yaml"],
    ["yarn", "yarn.lock"],
    ["bun", "bun.lock", "bun.lockb"],
    ["npm", "package-lock.json"],
  ];
  const named = locks.find(([name]) => manifest.packageManager?.startsWith(`${name}@`));
  if (named) return named[0];
  const found = locks.flatMap(([name, ...files]) => {
    const folder = upwards(root, ...files);
    return folder === undefined ? [] : [{ name, distance: relative(folder, root).length }];
  });
  return found.sort((one, other) => one.distance - other.distance)[0]?.name ?? "npm";
}
