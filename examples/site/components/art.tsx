// The pictures of the products, inline so that nothing has to be loaded.

import type { Product } from "@/lib/catalogue";

const PICTURES: Record<Product["price"], React.ReactNode> = {
  mug: (
    <>
      <ellipse className="shade" cx="108" cy="166" rx="62" ry="7" />
      <path className="handle" d="M146 88h14a22 22 0 0 1 22 22v2a30 30 0 0 1-30 30h-8" />
      <path className="glaze" d="M60 68h88v66a30 30 0 0 1-30 30H90a30 30 0 0 1-30-30V68Z" />
      <path
        className="clay"
        d="M60 116c15-9 27 7 44 1s29-9 44 0v18a30 30 0 0 1-30 30H90a30 30 0 0 1-30-30v-19Z"
      />
      <ellipse className="rim" cx="104" cy="68" rx="44" ry="8" />
    </>
  ),
  shirt: (
    <>
      <path
        className="cloth"
        d="M88 52 48 72l13 36 19-8v74h60v-74l19 8 13-36-40-20c-3 11-11 17-22 17s-19-6-22-17Z"
      />
      <path className="seam" d="M88 52c3 11 11 17 22 17s19-6 22-17" />
      <path
        className="mark"
        d="M91 116c7-8 14-7 18 0 4-7 11-8 18-1-6-1-11 1-15 7-2 2-5 2-7 0-3-6-8-8-14-6Z"
      />
    </>
  ),
  sticker: (
    <>
      <circle className="shade" cx="113" cy="113" r="64" />
      <path
        className="paper"
        d="M110 46a64 64 0 1 0 62 47c-20 1-36-3-44-12-7-8-8-20-5-34-4-1-9-1-13-1Z"
      />
      <path className="curl" d="M123 47c-3 14-2 26 5 34 8 9 24 13 44 12-7-24-25-41-49-46Z" />
      <path
        className="mark"
        d="M76 122c12-14 25-12 33 0 7-12 20-14 32-1-11-2-19 1-26 12-3 4-9 4-12 0-6-10-15-14-27-11Z"
      />
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
