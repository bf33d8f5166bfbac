//! Sends signed requests to endpoints in the background, and retries until they succeed.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    dispatcher::Dispatcher,
    queue::{Batch, Job},
};
use crate::{clock::now, endpoint::Endpoint, log::Delivery, signing};

/// The timeout of an endpoint.
const TIMEOUT: Duration = Duration::from_secs(20);

type Http = Client<HttpConnector, Full<Bytes>>;

/// Processes the queue while it is polled; dropping it drops every delivery.
pub(crate) async fn run(dispatcher: Arc<Dispatcher>, mut queue: mpsc::UnboundedReceiver<Batch>) {
    // Without connection reuse: an endpoint may restart between deliveries.
    let http = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build_http();
    let mut batches = JoinSet::new();
    loop {
        tokio::select! {
            batch = queue.recv() => match batch {
                Some(batch) => {
                    batches.spawn(in_order(Arc::clone(&dispatcher), http.clone(), batch));
                }
                None => return,
            },
            Some(_) = batches.join_next() => {}
        }
    }
}

/// Sends first attempts in order; retries run concurrently.
async fn in_order(dispatcher: Arc<Dispatcher>, http: Http, batch: Batch) {
    if !batch.delay.is_zero() {
        sleep(batch.delay).await;
    }
    let mut retries = JoinSet::new();
    for job in batch.jobs {
        if !attempt(&dispatcher, &http, &job, 1).await && !job.forged {
            retries.spawn(again(Arc::clone(&dispatcher), http.clone(), job));
        }
    }
    retries.join_all().await;
}

async fn again(dispatcher: Arc<Dispatcher>, http: Http, job: Job) {
    let mut pause = dispatcher.retry().base;
    for number in 2..=dispatcher.retry().tries {
        sleep(pause).await;
        if attempt(&dispatcher, &http, &job, number).await {
            return;
        }
        pause = pause.saturating_mul(2);
    }
}

/// Sends once; true when the endpoint responded 2xx or is no longer subscribed.
async fn attempt(dispatcher: &Dispatcher, http: &Http, job: &Job, number: u32) -> bool {
    let wants = |to: &Endpoint| to.subscription.includes(&job.message.kind);
    let Some(endpoint) = dispatcher.endpoint(&job.endpoint).filter(wants) else {
        return true;
    };
    let status = timeout(TIMEOUT, post(http, job, &endpoint))
        .await
        .ok()
        .flatten();
    dispatcher.record(Delivery {
        event_id: job.message.id.clone(),
        event_type: job.message.kind.clone(),
        url: endpoint.url.clone(),
        attempt: number,
        status,
    });
    status.is_some_and(|status| (200..300).contains(&status))
}

async fn post(http: &Http, job: &Job, endpoint: &Endpoint) -> Option<u16> {
    let forger = ["whsec_of_somebody_else".to_owned()];
    let secrets = match job.forged {
        true => &forger[..],
        false => &endpoint.secrets,
    };
    let body = job.message.body(endpoint.payload);
    let request = Request::post(&endpoint.url)
        .header("content-type", "application/json; charset=utf-8")
        .header("user-agent", "Stripe/1.0 (sandbox)")
        .header("stripe-signature", signing::header(&body, secrets, now()))
        .body(Full::new(body))
        .ok()?;
    let response = http.request(request).await.ok()?;
    let status = response.status().as_u16();
    // Read to the end, so that the endpoint can finish its response.
    response.into_body().collect().await.ok()?;
    Some(status)
}
