// An error and its remedy; and what is shown until an answer.

"use client";

import type { ReactNode } from "react";
import { useTexts } from "./context.js";
import { commonTexts } from "./texts.js";
import type { Trouble } from "./trouble.js";

interface Props {
  trouble: Trouble;
  again?: (() => void) | undefined;
  children?: ReactNode;
}

export function Notice({ trouble: { text, code, hint }, again, children }: Props) {
  const texts = useTexts("common", commonTexts);
  return (
    <div className="farebox-notice" role="alert" data-code={code}>
      <p>{text}</p>
      {hint && isDevelopers() && <p className="farebox-hint">{hint}</p>}
      {children}
      <p className="farebox-notice-foot">
        {again && (
          <button type="button" className="farebox-button" onClick={again}>
            {texts.again}
          </button>
        )}
        <small>{code}</small>
      </p>
    </div>
  );
}

/** Whether the page is on its developer's machine. */
const isDevelopers = () => /^(localhost|127\.|\[::1\])/.test(location.hostname);

export function Waiting({ what }: { what: string }) {
  const texts = useTexts("common", commonTexts);
  return (
    <div className="farebox-waiting" role="status">
      {texts.loading(what)}
    </div>
  );
}
