// The Checkout of a plan: on Stripe's page, or in a frame of this one.

"use client";

import type { Stripe } from "@stripe/stripe-js";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { useFreshPage } from "@/lib/hooks";
import { returnPath } from "@/lib/return-path";
import type { Session } from "@/lib/start";
import { stripeOf } from "@/lib/stripe";
import { subscribeHere, subscribeThere, type Choice } from "@/lib/subscribe";
import { NO_SCRIPT } from "@/lib/use-payment";
import { trouble, type Trouble } from "@/lib/words";
import { CheckoutFrame } from "./embedded-checkout";
import { Notice } from "./notice";
import { Waiting } from "./waiting";

export function ChooseThere({ choice, name }: { choice: Choice; name: string }) {
  const router = useRouter();
  const [isBusy, setIsBusy] = useState(false);
  const [isHeld, setIsHeld] = useState(false);
  const [wrong, setWrong] = useState<Trouble | null>(null);
  useFreshPage();

  async function leave() {
    setIsBusy(true);
    setWrong(null);
    try {
      const started = await subscribeThere(choice);
      if ("url" in started) return location.assign(started.url);
      if ("settled" in started) return router.replace(returnPath(started.settled, "succeeded"));
      setIsHeld(true);
    } catch (error) {
      setWrong(trouble(error, "subscribe"));
    }
    setIsBusy(false);
  }

  if (isHeld) return <HeldAlready />;
  return (
    <>
      {wrong && <Notice trouble={wrong} />}
      <button type="button" className="wide" onClick={leave} disabled={isBusy}>
        {isBusy ? "One moment…" : `Choose ${name}`}
      </button>
    </>
  );
}

type Started = { session: Session; stripe: Stripe } | { isHeld: true } | { trouble: Trouble };

interface HereProps {
  choice: Choice;
  standIn: string | undefined;
  leave: () => void;
}

export function ChooseHere({ choice, standIn, leave }: HereProps) {
  const router = useRouter();
  const [attempt, setAttempt] = useState(0);
  const [started, setStarted] = useState<Started | null>(null);

  useEffect(() => {
    let isCurrent = true;
    open(choice, standIn).then((now) => {
      if (!isCurrent) return;
      if ("settled" in now) router.replace(returnPath(now.settled, "succeeded"));
      else setStarted(now);
    });
    return () => {
      isCurrent = false;
    };
  }, [choice, standIn, attempt, router]);

  const again = () => {
    setStarted(null);
    setAttempt(attempt + 1);
  };
  return (
    <>
      <p>
        <button type="button" className="link" autoFocus onClick={leave}>
          Back to the plans
        </button>
      </p>
      {!started && <Waiting what="Stripe’s Checkout" />}
      {started && "trouble" in started && <Notice trouble={started.trouble} again={again} />}
      {started && "isHeld" in started && <HeldAlready />}
      {started && "session" in started && (
        <CheckoutFrame {...started.session} stripe={started.stripe} again={again} />
      )}
    </>
  );
}

/** React runs effects twice in development: both get the same session. */
const underWay = new Map<Choice, ReturnType<typeof subscribeHere>>();

async function open(choice: Choice, standIn: string | undefined) {
  const asked = underWay.get(choice) ?? subscribeHere(choice);
  underWay.set(choice, asked);
  try {
    const session = await asked;
    if ("settled" in session || "isHeld" in session) return session;
    const stripe = await stripeOf(session.publishableKey, standIn).catch(() => null);
    return stripe ? { session, stripe } : { trouble: NO_SCRIPT };
  } catch (error) {
    return { trouble: trouble(error, "subscribe") };
  } finally {
    underWay.delete(choice);
  }
}

function HeldAlready() {
  return (
    <div className="notice" role="alert" data-code="already_subscribed">
      <p>You have this plan already, so nothing new was started.</p>
      <p className="notice-foot">
        <Link className="button" href="/account">
          To your plan
        </Link>
      </p>
    </div>
  );
}
