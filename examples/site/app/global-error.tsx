// The frame itself broke, so this stands alone.

"use client";

import "./styles/base.css";

export default function FrameError({ reset }: { reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="narrow empty" role="alert">
          <title>That did not work · Tern</title>
          <h1>That did not work</h1>
          <p>The shop broke. If you were paying, your orders say how it went.</p>
          <button type="button" onClick={reset}>
            Show the page again
          </button>
          <a className="button quiet" href="/orders">
            Your orders
          </a>
        </main>
      </body>
    </html>
  );
}
