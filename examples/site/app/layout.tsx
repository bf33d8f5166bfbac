// The layout of every page.

import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { auth } from "@/auth";
import { Farebox } from "@/components/farebox";
import { Header } from "@/components/header";
import { OfflineNotice } from "@/components/offline-notice";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/shop.css";
import "./styles/orders.css";
import "./styles/plans.css";

export const metadata: Metadata = {
  title: { default: "Tern", template: "%s · Tern" },
  description: "Three good things, and a payment that goes through once.",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  width: "device-width",
  initialScale: 1,
};

export default async function Layout({ children }: { children: ReactNode }) {
  const session = await auth();
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">
          Skip to the content
        </a>
        <Header user={session?.user} />
        <OfflineNotice />
        <main id="main" tabIndex={-1}>
          <Farebox>{children}</Farebox>
        </main>
        <footer className="footer">
          <p>Tern is a demo. It ships nothing, and in test mode it moves no money.</p>
        </footer>
      </body>
    </html>
  );
}
