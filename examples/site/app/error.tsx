// A page that broke.

"use client";

export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="narrow empty" role="alert">
      <h1>That did not work</h1>
      <p>The page broke. Nothing was charged by it.</p>
      <button type="button" onClick={reset}>
        Try again
      </button>
      {error.digest && <small>{error.digest}</small>}
    </div>
  );
}
