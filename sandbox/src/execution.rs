//! Executes one API request: authenticated, routed, claimed by its idempotency key, run, kept.

use std::{sync::Arc, time::Duration};

use crate::{
    answer::Answer,
    caller::Caller,
    engine::Engine,
    error::Error,
    faults::Fault,
    idempotency::{Claim, Key},
    params::Params,
    request::Received,
    route::{self, Call, Route},
};

/// A fault's answer, given in place of executing or of its result.
#[derive(Debug)]
pub(crate) struct Canned {
    answer: Answer,
    stored: bool,
    executes: bool,
}

impl Canned {
    /// The answer of a fault that has one.
    pub(crate) fn of(fault: &Fault) -> Option<Self> {
        let (stored, executes) = (fault.is_stored(), fault.is_executed());
        let canned = fault.answer()?;
        Some(Self {
            answer: canned,
            stored,
            executes,
        })
    }
}

/// Executes a request to its end, even when its caller hangs up meanwhile.
pub(crate) async fn finish(
    engine: &Arc<Engine>,
    received: Received,
    delay: Duration,
    canned: Option<Canned>,
) -> Answer {
    let engine = Arc::clone(engine);
    let execution = tokio::spawn(async move {
        match canned {
            Some(Canned {
                answer,
                stored: false,
                executes: false,
            }) => {
                pass(delay).await;
                Ok(answer)
            }
            canned => claimed(&engine, &received, delay, canned).await,
        }
    });
    match execution.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answer::error(&error),
        Err(_) => Answer::error(&Error::api(
            "The sandbox itself failed; its output tells why.",
        )),
    }
}

async fn pass(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

async fn claimed(
    engine: &Engine,
    received: &Received,
    delay: Duration,
    canned: Option<Canned>,
) -> Result<Answer, Error> {
    let (route, call) = admit(engine, received)?;
    let Some(key) = received.idempotency_key() else {
        pass(delay).await;
        return Ok(answer(engine, received, route, call, canned).0);
    };
    let account = received.header("stripe-account").unwrap_or_default();
    let claimed = Key::parse(account, key)?;
    let params = received.params.clone().unwrap_or_default();
    let claim = engine
        .state()
        .keys
        .claim(&claimed, &received.path, &params)?;
    if let Claim::Replay(answer) = claim {
        let is_failure = answer.status.is_server_error();
        let answer = answer.header("idempotent-replayed", "true");
        return Ok(match is_failure {
            true => answer.header("stripe-should-retry", "false"),
            false => answer,
        });
    }
    pass(delay).await;
    let (answer, kept) = answer(engine, received, route, call, canned);
    let answer = answer
        .header("idempotency-key", key)
        .header("original-request", &received.id);
    engine
        .state()
        .keys
        .settle(&claimed, kept.then(|| answer.clone()));
    Ok(answer)
}

/// Who calls, and what runs.
fn admit(engine: &Engine, received: &Received) -> Result<(Route, Call), Error> {
    let mut params = received.params.clone()?;
    let caller = Caller::identify(&received.headers, &mut params, &engine.state())?;
    let (route, ids) = route::find(&received.method, &received.path)?;
    if caller == Caller::Publishable && !route.publishable {
        let message = "A publishable key may not do this; it takes a secret key.";
        return Err(Error::forbidden("secret_key_required", message));
    }
    let params = Params::new(params);
    Ok((
        route,
        Call {
            ids,
            params,
            caller,
        },
    ))
}

/// The answer, and whether the idempotency key keeps it.
fn answer(
    engine: &Engine,
    received: &Received,
    route: Route,
    call: Call,
    canned: Option<Canned>,
) -> (Answer, bool) {
    if let Some(canned) = canned.as_ref().filter(|canned| !canned.executes) {
        return (canned.answer.clone(), canned.stored);
    }
    match (engine.run(route, call, received.origin()), canned) {
        (Ok(_), Some(canned)) => (canned.answer, canned.stored),
        (Ok(value), None) => (Answer::json(200, &value), true),
        (Err(error), _) => (Answer::error(&error), error.is_replayed()),
    }
}
