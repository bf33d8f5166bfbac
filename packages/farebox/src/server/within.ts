// A time limit for a request and its answer. `AbortSignal.timeout` would keep its timer when the
// answer is there, and Edge runtimes lack `AbortSignal.any`.

/**
 * Does `work`, whose signal aborts after `milliseconds`, or when `outer` does. No timer is left
 * when it ends.
 */
export async function within<T>(
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const end = () => controller.abort(outer?.reason);
  const late = () => controller.abort(new DOMException("it took too long", "TimeoutError"));
  const timer = setTimeout(late, milliseconds);
  outer?.addEventListener("abort", end);
  if (outer?.aborted) end();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", end);
  }
}
