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
          <p>The shop broke. Nothing was charged by it.</p>
          <button type="button" onClick={reset}>
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
