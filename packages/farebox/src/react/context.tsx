// The settings of the components: the path of the site's route, its texts and its language.

"use client";

import { createContext, useContext, useMemo, type ReactNode } from "react";
import type {
  checkoutTexts,
  commonTexts,
  declineTexts,
  errorTexts,
  orderTexts,
} from "./texts.js";
import type { planTexts, refundTexts } from "./texts-plans.js";

/** All texts, by part. */
export interface Texts {
  common: typeof commonTexts;
  errors: typeof errorTexts;
  declines: typeof declineTexts;
  checkout: typeof checkoutTexts;
  order: typeof orderTexts;
  plans: typeof planTexts;
  refund: typeof refundTexts;
}

/** Some of the texts; the others stay English. */
export type SomeTexts = { [Part in keyof Texts]?: Some<Texts[Part]> };

type Some<T> = { [Name in keyof T]?: T[Name] extends string | Words ? T[Name] : Partial<T[Name]> };
type Words = (...values: never[]) => string;

export interface Settings {
  /** The path of the site's route; `/api/payments` by default. */
  basePath: string;
  /** The language of amounts and times, a BCP 47 tag; `en` by default. */
  locale: string;
  /** The language of Stripe's forms, where the site has set one. */
  stripeLocale: string | undefined;
  texts: SomeTexts;
  /** Leads to another page of the site in place of this one. */
  navigate: (url: string) => void;
}

const DEFAULTS: Settings = {
  basePath: "/api/payments",
  locale: "en",
  stripeLocale: undefined,
  texts: {},
  navigate: (url) => location.replace(url),
};

const Context = createContext<Settings>(DEFAULTS);

export interface FareboxProviderProps {
  /** The path of the site's route for Farebox; `/api/payments` by default. */
  basePath?: string;
  /** The site's own texts, in place of the English ones. */
  texts?: SomeTexts;
  /** The language of amounts, times and Stripe's forms: a BCP 47 tag, such as `de-AT`. */
  locale?: string;
  /** Leads to another page of the site, such as `useRouter().replace` of Next.js. */
  navigate?: (url: string) => void;
  children?: ReactNode;
}

/** The settings for the components and hooks below it; without it, they have defaults. */
export function FareboxProvider({
  basePath = DEFAULTS.basePath,
  texts = DEFAULTS.texts,
  locale,
  navigate = DEFAULTS.navigate,
  children,
}: FareboxProviderProps) {
  const settings = useMemo(
    () => ({ basePath, texts, navigate, locale: locale ?? DEFAULTS.locale, stripeLocale: locale }),
    [basePath, texts, navigate, locale],
  );
  return <Context value={settings}>{children}</Context>;
}

export const useSettings = (): Settings => useContext(Context);

/** The texts of a part: the site's, and else `english`. */
export function useTexts<Part extends keyof Texts>(part: Part, english: Texts[Part]): Texts[Part] {
  const own: object | undefined = useSettings().texts[part];
  return useMemo(() => (own ? merged(english, own) : english), [english, own]);
}

function merged<T extends object>(english: T, own: object): T {
  const entries = Object.entries(own).flatMap(([name, text]: [string, unknown]) => {
    if (text === undefined) return [];
    const known = (english as Record<string, unknown>)[name];
    return [[name, isWords(known) && isWords(text) ? { ...known, ...text } : text] as const];
  });
  return { ...english, ...Object.fromEntries(entries) };
}

const isWords = (value: unknown): value is object => typeof value === "object" && value !== null;
