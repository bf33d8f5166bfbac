// The settings of the package's components.

"use client";

import { FareboxProvider, type SomeTexts } from "farebox/react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";

const TEXTS: SomeTexts = {
  errors: { causes: { unavailable: "Our payment service does not respond at the moment." } },
};

export function Farebox({ children }: { children: ReactNode }) {
  const { replace } = useRouter();
  return (
    <FareboxProvider texts={TEXTS} navigate={replace}>
      {children}
    </FareboxProvider>
  );
}
