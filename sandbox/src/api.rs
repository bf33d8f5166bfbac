//! What happens to one request, from its arrival to its answer.
//!
//! It is recorded, struck by a fault or not, executed, and answered.

use std::{future::pending, sync::Arc};

use crate::{
    answer::{Answer, Cut},
    caller::Caller,
    challenge, cors,
    engine::Engine,
    execution,
    execution::Canned,
    faults::{Kind, Strike},
    hosted,
    log::RecordedRequest,
    params::Params,
    request::Received,
    route::{self, Call},
    state::Origin,
    stripe_js,
};

/// The API version whose shapes the sandbox speaks.
pub(crate) const API_VERSION: &str = "2026-09-30.endive";

/// Serves one request, or says how its connection ends.
pub(crate) async fn serve(
    engine: Arc<Engine>,
    connection: u64,
    received: Received,
) -> Result<Answer, Cut> {
    if let Err(refused) = cors::check(&received, engine.allowed_origins()) {
        return Ok(Answer::error(&refused));
    }
    let origin = received.header("origin").map(str::to_owned);
    let answer = allowed(engine, connection, received).await?;
    Ok(cors::open(answer, origin.as_deref()))
}

async fn allowed(engine: Arc<Engine>, connection: u64, received: Received) -> Result<Answer, Cut> {
    if received.method == "OPTIONS" {
        return Ok(cors::preflight(&received));
    }
    if received.is_control() {
        return Ok(control(&engine, &received));
    }
    let page = hosted::answer(&engine, &received);
    if let Some(page) = page.or_else(|| stripe_js::answer(&received)) {
        return Ok(page);
    }
    let (id, place) = (received.id.clone(), record(&engine, connection, &received));
    let version = received
        .header("stripe-version")
        .unwrap_or(API_VERSION)
        .to_owned();
    let outcome = struck(&engine, place, received).await.map(|answer| {
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

fn control(engine: &Engine, received: &Received) -> Answer {
    if let Some(page) = challenge::answer(engine, received) {
        return page;
    }
    let result = route::find(&received.method, &received.path).and_then(|(route, ids)| {
        let params = Params::new(received.params.clone()?);
        let call = Call {
            ids,
            params,
            caller: Caller::Control,
        };
        engine.run(route, call, Origin::default())
    });
    match result {
        Ok(value) => Answer::json(200, &value),
        Err(error) => Answer::error(&error),
    }
}

/// Serves a request with the faults that wait for it.
async fn struck(engine: &Arc<Engine>, place: usize, received: Received) -> Result<Answer, Cut> {
    let Strike { delay, fault } = engine
        .state()
        .faults
        .strike(&received.method, &received.path);
    let kind = fault.as_ref().map(|fault| fault.kind());
    if kind == Some(Kind::Reset) {
        return Err(Cut::Reset);
    }
    if kind == Some(Kind::Hang) {
        engine.log.finish(place, None);
        return pending().await;
    }
    let canned = fault.as_ref().and_then(Canned::of);
    let answer = execution::finish(engine, received, delay, canned).await;
    match kind {
        Some(Kind::LostAnswer) => Err(Cut::Close),
        Some(Kind::Truncated) => Err(Cut::Half(answer)),
        Some(Kind::WrongAmount) => Ok(one_more(answer)),
        _ => Ok(answer),
    }
}

/// An answer whose amount is not what was asked for.
fn one_more(answer: Answer) -> Answer {
    let mut body = answer.parsed();
    if let Some(amount) = body["amount"].as_i64() {
        body["amount"] = (amount + 1).into();
    }
    let body = Answer::json(answer.status.as_u16(), &body).body;
    Answer { body, ..answer }
}
