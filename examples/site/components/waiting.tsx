// The loading state.

export function Waiting({ what }: { what: string }) {
  return (
    <div className="farebox-waiting" role="status">
      Loading {what}…
    </div>
  );
}
