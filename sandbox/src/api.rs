//! Serves one request: records it, injects faults, executes it and answers.

use std::{future::pending, sync::Arc};

use crate::{
    answer::{Answer, Cut},
    caller::Caller,
    challenge, cors,
    engine::Engine,
    event::{API_VERSION, Origin},
    executor::Executor,
    faults::{Injected, Kind, StubResponse},
    hosted,
    log::RecordedRequest,
    params::Params,
    request::Received,
    route::Call,
    stripe_js,
};

/// Serves one request, or returns the way in which its connection ends.
pub(crate) async fn serve(
    executor: &Arc<Executor>,
    connection: u64,
    received: Received,
) -> Result<Answer, Cut> {
    if let Err(refused) = cors::check(&received, executor.engine.allowed_origins()) {
        return Ok(Answer::error(&refused));
    }
    let origin = received.header("origin").map(str::to_owned);
    let answer = allowed(executor, connection, received).await?;
    Ok(cors::open(answer, origin.as_deref()))
}

async fn allowed(
    executor: &Arc<Executor>,
    connection: u64,
    received: Received,
) -> Result<Answer, Cut> {
    let engine = &*executor.engine;
    if received.method == "OPTIONS" {
        return Ok(cors::preflight(&received));
    }
    if received.is_control() {
        return Ok(control(executor, &received));
    }
    let page = hosted::answer(engine, &received);
    if let Some(page) = page.or_else(|| stripe_js::answer(&received)) {
        return Ok(page);
    }
    let (id, place) = (received.id.clone(), record(engine, connection, &received));
    let version = received
        .header("stripe-version")
        .unwrap_or(API_VERSION)
        .to_owned();
    let outcome = with_faults(executor, place, received).await.map(|answer| {
        answer
            .header("request-id", &id)
            .header("stripe-version", &version)
    });
    engine.log.finish(place, outcome.as_ref().ok());
    outcome
}

fn record(engine: &Engine, connection: u64, received: &Received) -> usize {
    engine.log.arrive(RecordedRequest {
        method: received.method.clone(),
        path: received.path.clone(),
        idempotency_key: received.header("idempotency-key").map(str::to_owned),
        params: received.params.clone().unwrap_or_default(),
        status: None,
        connection,
        headers: received.headers.clone(),
        answer: None,
    })
}

fn control(executor: &Executor, received: &Received) -> Answer {
    let (engine, router) = (&executor.engine, &executor.router);
    if let Some(page) = challenge::answer(engine, received) {
        return page;
    }
    let result = router
        .find(&received.method, &received.path)
        .and_then(|(route, ids)| {
            let params = Params::new(received.params.clone()?);
            let call = Call {
                ids,
                params,
                caller: Caller::Control,
            };
            route.run(engine, call, Origin::default())
        });
    match result {
        Ok(value) => Answer::json(200, &value),
        Err(error) => Answer::error(&error),
    }
}

/// Executes a request with the faults that match it.
async fn with_faults(
    executor: &Arc<Executor>,
    place: usize,
    received: Received,
) -> Result<Answer, Cut> {
    let engine = &executor.engine;
    let Injected { delay, fault } = engine.state().faults.take(&received.method, &received.path);
    let kind = fault.as_ref().map(|fault| fault.kind());
    if kind == Some(Kind::Reset) {
        return Err(Cut::Reset);
    }
    if kind == Some(Kind::Hang) {
        engine.log.finish(place, None);
        return pending().await;
    }
    let stub = fault.as_ref().and_then(StubResponse::of);
    let answer = executor.finish(received, delay, stub).await;
    match kind {
        Some(Kind::LostAnswer) => Err(Cut::Close),
        Some(Kind::Truncated) => Err(Cut::Half(answer)),
        Some(Kind::WrongAmount) => Ok(wrong_amount(answer)),
        _ => Ok(answer),
    }
}

/// The answer with an amount that is one too high.
fn wrong_amount(answer: Answer) -> Answer {
    let mut body = answer.parsed();
    if let Some(amount) = body["amount"].as_i64() {
        body["amount"] = (amount + 1).into();
    }
    let body = Answer::json(answer.status.as_u16(), &body).body;
    Answer { body, ..answer }
}
