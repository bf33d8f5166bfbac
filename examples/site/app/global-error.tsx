// The error page without the layout, for an error in the layout itself.

"use client";

import "./styles/base.css";

export default function FrameError({ reset }: { reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <main className="narrow empty" role="alert">
          <title>Something went wrong · Tern</title>
          <h1>Something went wrong</h1>
          <p>The shop failed. If you were paying, your orders show the result.</p>
          <button type="button" onClick={reset}>
            Reload the page
          </button>
          <a className="button quiet" href="/orders">
            Your orders
          </a>
        </main>
      </body>
    </html>
  );
}
