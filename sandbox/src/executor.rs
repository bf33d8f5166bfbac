//! Executes API requests: authenticates, routes, claims the idempotency key, runs, saves the answer.

use std::{sync::Arc, time::Duration};

use crate::{
    answer::Answer,
    caller::Caller,
    engine::Engine,
    error::Error,
    faults::StubResponse,
    idempotency::{Claim, Key},
    params::Params,
    request::Received,
    route::{Call, Route, Router},
};

/// A running sandbox and its routes.
#[derive(Debug)]
pub(crate) struct Executor {
    pub(crate) engine: Arc<Engine>,
    pub(crate) router: Router,
}

impl Executor {
    /// Executes a request to its end, even when its caller hangs up meanwhile.
    pub(crate) async fn finish(
        self: &Arc<Self>,
        received: Received,
        delay: Duration,
        stub: Option<StubResponse>,
    ) -> Answer {
        let executor = Arc::clone(self);
        let execution = tokio::spawn(async move {
            match stub {
                Some(StubResponse {
                    answer,
                    stored: false,
                    executes: false,
                }) => {
                    wait(delay).await;
                    Ok(answer)
                }
                stub => executor.claimed(&received, delay, stub).await,
            }
        });
        match execution.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => Answer::error(&error),
            Err(_) => Answer::error(&Error::api(
                "The sandbox itself failed; its output names the cause.",
            )),
        }
    }

    async fn claimed(
        &self,
        received: &Received,
        delay: Duration,
        stub: Option<StubResponse>,
    ) -> Result<Answer, Error> {
        let (route, call) = self.admit(received)?;
        let Some(key) = received.idempotency_key() else {
            wait(delay).await;
            return Ok(self.answer(received, route, call, stub).0);
        };
        let account = received.header("stripe-account").unwrap_or_default();
        let claimed = Key::parse(account, key)?;
        let params = received.params.clone().unwrap_or_default();
        let claim = self
            .engine
            .state()
            .keys
            .claim(&claimed, &received.path, &params)?;
        if let Claim::Replay(answer) = claim {
            return Ok(replayed(answer));
        }
        wait(delay).await;
        let (answer, is_saved) = self.answer(received, route, call, stub);
        let answer = answer
            .header("idempotency-key", key)
            .header("original-request", &received.id);
        self.engine
            .state()
            .keys
            .finish(&claimed, is_saved.then(|| answer.clone()));
        Ok(answer)
    }

    /// Authenticates the caller and finds the route.
    fn admit(&self, received: &Received) -> Result<(Route, Call), Error> {
        let mut params = received.params.clone()?;
        let (headers, state) = (&received.headers, self.engine.state());
        let caller = Caller::identify(headers, &mut params, &state.expired_keys)?;
        drop(state);
        let (route, ids) = self.router.find(&received.method, &received.path)?;
        if caller == Caller::Publishable && !route.publishable {
            let message = "A publishable key may not do this; it takes a secret key.";
            return Err(Error::forbidden("secret_key_required", message));
        }
        let params = Params::new(params);
        let call = Call {
            ids,
            params,
            caller,
        };
        Ok((route, call))
    }

    /// The answer, and whether the idempotency key saves it.
    fn answer(
        &self,
        received: &Received,
        route: Route,
        call: Call,
        stub: Option<StubResponse>,
    ) -> (Answer, bool) {
        if let Some(stub) = stub.as_ref().filter(|stub| !stub.executes) {
            return (stub.answer.clone(), stub.stored);
        }
        match (route.run(&self.engine, call, received.origin()), stub) {
            (Ok(_), Some(stub)) => (stub.answer, stub.stored),
            (Ok(value), None) => (Answer::json(200, &value), true),
            (Err(error), _) => (Answer::error(&error), error.is_replayed()),
        }
    }
}

async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// A saved answer, marked as replayed.
fn replayed(answer: Answer) -> Answer {
    let is_failure = answer.status.is_server_error();
    let answer = answer.header("idempotent-replayed", "true");
    match is_failure {
        true => answer.header("stripe-should-retry", "false"),
        false => answer,
    }
}
