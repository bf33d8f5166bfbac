//! Executes API requests: authenticates, routes, claims the idempotency key, runs, saves the
//! response.

use std::{sync::Arc, time::Duration};

use crate::{
    caller::Caller,
    engine::Engine,
    error::Error,
    faults::StubResponse,
    idempotency::{Claim, Key},
    params::Params,
    request::Request,
    response::Response,
    route::{Call, Route, Router},
};

/// A running sandbox and its routes.
#[derive(Debug)]
pub(crate) struct Executor {
    pub(crate) engine: Arc<Engine>,
    pub(crate) router: Router,
}

impl Executor {
    /// Executes a request to its end, even when its caller disconnects.
    pub(crate) async fn finish(
        self: &Arc<Self>,
        request: Request,
        delay: Duration,
        stub: Option<StubResponse>,
    ) -> Response {
        let executor = Arc::clone(self);
        let execution = tokio::spawn(async move {
            match stub {
                Some(StubResponse {
                    response,
                    stored: false,
                    executes: false,
                }) => {
                    wait(delay).await;
                    Ok(response)
                }
                stub => executor.claimed(&request, delay, stub).await,
            }
        });
        match execution.await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => Response::error(&error),
            Err(_) => Response::error(&Error::api(
                "The sandbox failed; its output contains the cause.",
            )),
        }
    }

    async fn claimed(
        &self,
        request: &Request,
        delay: Duration,
        stub: Option<StubResponse>,
    ) -> Result<Response, Error> {
        let (route, call) = self.admit(request)?;
        let Some(key) = request.idempotency_key() else {
            wait(delay).await;
            return Ok(self.respond(request, route, call, stub).0);
        };
        let account = request.header("stripe-account").unwrap_or_default();
        let claimed = Key::parse(account, key)?;
        let params = request.params.clone().unwrap_or_default();
        let claim = self
            .engine
            .state()
            .keys
            .claim(&claimed, &request.path, &params)?;
        if let Claim::Replay(response) = claim {
            return Ok(replayed(response));
        }
        wait(delay).await;
        let (response, is_saved) = self.respond(request, route, call, stub);
        let response = response
            .header("idempotency-key", key)
            .header("original-request", &request.id);
        self.engine
            .state()
            .keys
            .finish(&claimed, is_saved.then(|| response.clone()));
        Ok(response)
    }

    /// Authenticates the caller and finds the route.
    fn admit(&self, request: &Request) -> Result<(Route, Call), Error> {
        let mut params = request.params.clone()?;
        let (headers, state) = (&request.headers, self.engine.state());
        let caller = Caller::identify(headers, &mut params, &state.expired_keys)?;
        drop(state);
        let (route, ids) = self.router.find(&request.method, &request.path)?;
        if caller == Caller::Publishable && !route.publishable {
            let message = "This request requires a secret key; a publishable key cannot make it.";
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

    /// Executes the request; returns the response, and whether the idempotency key saves it.
    fn respond(
        &self,
        request: &Request,
        route: Route,
        call: Call,
        stub: Option<StubResponse>,
    ) -> (Response, bool) {
        if let Some(stub) = stub.as_ref().filter(|stub| !stub.executes) {
            return (stub.response.clone(), stub.stored);
        }
        match (route.run(&self.engine, call, request.origin()), stub) {
            (Ok(_), Some(stub)) => (stub.response, stub.stored),
            (Ok(value), None) => (Response::json(200, &value), true),
            (Err(error), _) => (Response::error(&error), error.is_replayed()),
        }
    }
}

async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}

/// Marks a saved response as replayed.
fn replayed(response: Response) -> Response {
    let is_failure = response.status.is_server_error();
    let response = response.header("idempotent-replayed", "true");
    match is_failure {
        true => response.header("stripe-should-retry", "false"),
        false => response,
    }
}
