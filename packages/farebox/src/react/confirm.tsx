// The question before something that cannot be undone.

"use client";

import { useId, type ReactNode, type RefObject } from "react";

interface Props {
  dialog: RefObject<HTMLDialogElement | null>;
  question: ReactNode;
  /** The button that does it. */
  action: ReactNode;
  /** The button that does not. */
  leave: ReactNode;
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
    <dialog ref={dialog} className="farebox-dialog" aria-labelledby={id}>
      <p id={id} className="farebox-question">
        {question}
      </p>
      <p>{children}</p>
      <form method="dialog">
        <button type="button" className="farebox-button" onClick={confirm}>
          {action}
        </button>
        <button className="farebox-button farebox-quiet" autoFocus>
          {leave}
        </button>
      </form>
    </dialog>
  );
}
