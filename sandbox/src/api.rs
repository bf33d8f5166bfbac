//! Serves one request: records it, injects faults, executes it and responds.

use std::{future::pending, sync::Arc};

use crate::{
    caller::Caller,
    challenge, cors,
    engine::Engine,
    event::{API_VERSION, Origin},
    executor::Executor,
    faults::{Injected, Kind, StubResponse},
    hosted,
    log::RecordedRequest,
    params::Params,
    request::Request,
    response::{Disconnect, Response},
    route::Call,
    stripe_js,
};

/// Serves one request; returns the response, or the end of its connection.
pub(crate) async fn serve(
    executor: &Arc<Executor>,
    connection: u64,
    request: Request,
) -> Result<Response, Disconnect> {
    if let Err(refused) = cors::check(&request, executor.engine.allowed_origins()) {
        return Ok(Response::error(&refused));
    }
    let origin = request.header("origin").map(str::to_owned);
    let response = allowed(executor, connection, request).await?;
    Ok(cors::open(response, origin.as_deref()))
}

async fn allowed(
    executor: &Arc<Executor>,
    connection: u64,
    request: Request,
) -> Result<Response, Disconnect> {
    let engine = &*executor.engine;
    if request.method == "OPTIONS" {
        return Ok(cors::preflight(&request));
    }
    if request.is_control() {
        return Ok(control(executor, &request));
    }
    let page = hosted::respond(engine, &request);
    if let Some(page) = page.or_else(|| stripe_js::respond(&request)) {
        return Ok(page);
    }
    let (id, place) = (request.id.clone(), record(engine, connection, &request));
    let version = request
        .header("stripe-version")
        .unwrap_or(API_VERSION)
        .to_owned();
    let outcome = with_faults(executor, place, request).await.map(|response| {
        response
            .header("request-id", &id)
            .header("stripe-version", &version)
    });
    engine.log.finish(place, outcome.as_ref().ok());
    outcome
}

fn record(engine: &Engine, connection: u64, request: &Request) -> usize {
    engine.log.arrive(RecordedRequest {
        method: request.method.clone(),
        path: request.path.clone(),
        idempotency_key: request.header("idempotency-key").map(str::to_owned),
        params: request.params.clone().unwrap_or_default(),
        status: None,
        connection,
        headers: request.headers.clone(),
        response: None,
    })
}

fn control(executor: &Executor, request: &Request) -> Response {
    let (engine, router) = (&executor.engine, &executor.router);
    if let Some(page) = challenge::respond(engine, request) {
        return page;
    }
    let result = router
        .find(&request.method, &request.path)
        .and_then(|(route, ids)| {
            let params = Params::new(request.params.clone()?);
            let call = Call {
                ids,
                params,
                caller: Caller::Control,
            };
            route.run(engine, call, Origin::default())
        });
    match result {
        Ok(value) => Response::json(200, &value),
        Err(error) => Response::error(&error),
    }
}

/// Executes a request with the faults that match it.
async fn with_faults(
    executor: &Arc<Executor>,
    place: usize,
    request: Request,
) -> Result<Response, Disconnect> {
    let engine = &executor.engine;
    let Injected { delay, fault } = engine.state().faults.take(&request.method, &request.path);
    let kind = fault.as_ref().map(|fault| fault.kind());
    if kind == Some(Kind::Reset) {
        return Err(Disconnect::Reset);
    }
    if kind == Some(Kind::Hang) {
        engine.log.finish(place, None);
        return pending().await;
    }
    let stub = fault.as_ref().and_then(StubResponse::of);
    let response = executor.finish(request, delay, stub).await;
    match kind {
        Some(Kind::LostAnswer) => Err(Disconnect::Closed),
        Some(Kind::Truncated) => Err(Disconnect::MidBody(response)),
        Some(Kind::WrongAmount) => Ok(wrong_amount(response)),
        _ => Ok(response),
    }
}

/// Adds one to the response's amount.
fn wrong_amount(response: Response) -> Response {
    let mut body = response.parsed();
    if let Some(amount) = body["amount"].as_i64() {
        body["amount"] = (amount + 1).into();
    }
    let body = Response::json(response.status.as_u16(), &body).body;
    Response { body, ..response }
}
