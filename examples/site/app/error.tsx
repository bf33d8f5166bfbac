// The error page.

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
      <h1>Something went wrong</h1>
      <p>The page failed. If you were paying, your orders show the result.</p>
      <button type="button" onClick={reset}>
        Reload the page
      </button>
      <a className="button quiet" href="/orders">
        Your orders
      </a>
      {error.digest && <small>{error.digest}</small>}
    </div>
  );
}
