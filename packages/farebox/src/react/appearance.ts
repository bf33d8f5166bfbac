// The look of Stripe's forms. Stripe's frames cannot read the page's styles, so these are handed
// over: the page's font and text colour, and the CSS variables of the components.

import type { Appearance } from "@stripe/stripe-js";

type Variables = NonNullable<Appearance["variables"]>;

const COLOURS = {
  colorPrimary: "--farebox-primary",
  colorBackground: "--farebox-background",
  colorDanger: "--farebox-danger",
} as const;

/** The look of the page at `place`. */
export function appearanceOf(place: Element): Appearance {
  const style = getComputedStyle(place);
  const variables: Variables = { fontFamily: style.fontFamily };
  const text = rgb(style.color);
  if (text) variables.colorText = style.color;
  for (const [name, variable] of Object.entries(COLOURS)) {
    const colour = style.getPropertyValue(variable) && resolved(place, `var(${variable})`);
    if (colour && rgb(colour)) variables[name as keyof typeof COLOURS] = colour;
  }
  const radius = style.getPropertyValue("--farebox-radius").trim();
  if (radius) variables.borderRadius = radius;
  return { theme: text && isLight(text) ? "night" : "stripe", variables };
}

/** A colour as the browser computes it. */
function resolved(place: Element, colour: string): string {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = colour;
  place.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

type Rgb = [red: number, green: number, blue: number];

function rgb(colour: string): Rgb | null {
  const [red, green, blue] = /^rgba?\(/.test(colour) ? (colour.match(/[\d.]+/g) ?? []) : [];
  return blue === undefined ? null : [Number(red), Number(green), Number(blue)];
}

const isLight = ([red, green, blue]: Rgb) => red * 0.299 + green * 0.587 + blue * 0.114 > 140;
