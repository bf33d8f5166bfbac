// The question before something that cannot be undone.

import { useId, type ReactNode, type RefObject } from "react";

interface Props {
  dialog: RefObject<HTMLDialogElement | null>;
  question: ReactNode;
  /** The button that does it. */
  action: ReactNode;
  /** The button that does not. */
  leave: string;
  confirmed: () => void;
  /** What follows from it. */
  children: ReactNode;
}

export function Confirm({ dialog, question, action, leave, confirmed, children }: Props) {
  const id = useId();

  function confirm() {
    dialog.current?.close();
    confirmed();
  }

  return (
    <dialog ref={dialog} aria-labelledby={id}>
      <h4 id={id}>{question}</h4>
      <p>{children}</p>
      <form method="dialog">
        <button type="button" onClick={confirm}>
          {action}
        </button>
        <button className="quiet" autoFocus>
          {leave}
        </button>
      </form>
    </dialog>
  );
}
