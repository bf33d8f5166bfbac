// A page that broke.

"use client";

export default function PageError({
  error,
  reset,
}: {
  error: Error & { digest?: string };
  reset: () => void;
}) {
  return (
    <div className="narrow empty" role="alert">
      <h1>That did not work</h1>
      <p>The page broke. If you were paying, your orders say how it went.</p>
      <button type="button" onClick={reset}>
        Show the page again
      </button>
      <a className="button quiet" href="/orders">
        Your orders
      </a>
      {error.digest && <small>{error.digest}</small>}
    </div>
  );
}
