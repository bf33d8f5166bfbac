// The loading state.

export function Waiting({ what }: { what: string }) {
  return (
    <div className="waiting" role="status">
      <span className="unseen">Loading {what}…</span>
      <i />
      <i />
      <i />
    </div>
  );
}
