// The pictures of what is on sale, drawn here so that nothing has to be loaded.

import type { Product } from "@/lib/catalogue";

const PICTURES: Record<Product["price"], React.ReactNode> = {
  mug: (
    <>
      <path className="shade" d="M62 164h86a14 14 0 0 1-14 12H76a14 14 0 0 1-14-12Z" />
      <path className="line" d="M146 92h16a20 20 0 0 1 20 20v4a28 28 0 0 1-28 28h-9" />
      <path className="glaze" d="M58 72h90v64a28 28 0 0 1-28 28H86a28 28 0 0 1-28-28V72Z" />
      <path className="clay" d="M58 118c16-9 28 8 45 1s29-9 45 0v17a28 28 0 0 1-28 28H86a28 28 0 0 1-28-28v-18Z" />
      <ellipse className="rim" cx="103" cy="72" rx="45" ry="9" />
    </>
  ),
  shirt: (
    <>
      <path className="cloth" d="m84 54-40 22 14 34 18-8v80h88v-80l18 8 14-34-40-22c-4 12-14 18-26 18s-22-6-26-18h-20Z" transform="translate(-10 0)" />
      <path className="line" d="M93 55c4 14 14 21 27 21s23-7 27-21" transform="translate(-10 0)" />
      <path className="mark" d="M98 122c9-10 17-9 22 0 5-9 14-10 23-1-8-2-14 0-19 8-2 3-6 3-8 0-4-8-10-10-18-7Z" transform="translate(-10 0)" />
    </>
  ),
  sticker: (
    <>
      <path className="paper" d="M120 50a70 70 0 1 1-40 12c6 24 20 34 46 30-2-16-4-28-6-42Z" transform="translate(-10 0)" />
      <path className="curl" d="M80 62c12-8 26-12 40-12 2 14 4 26 6 42-26 4-40-6-46-30Z" transform="translate(-10 0)" />
      <path className="mark" d="M84 134c13-15 25-13 33 0 8-13 20-15 33-1-11-3-20 0-27 12-3 4-9 4-12 0-6-12-15-15-27-11Z" transform="translate(-10 0)" />
    </>
  ),
};

export function Art({ of }: { of: Product["price"] }) {
  return (
    <svg className={`art art-${of}`} viewBox="0 0 220 220" aria-hidden="true" focusable="false">
      {PICTURES[of]}
    </svg>
  );
}
