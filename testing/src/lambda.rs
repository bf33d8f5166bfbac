//! Lambda's runtime interface, for one real program
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, StatusCode},
    routing::{get, post},
};
use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
};

/// The time limit of an invocation: a test fails rather than waits for ever.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The response of an invocation, or its error.
type Outcome = Result<Value, Value>;

/// A program that Lambda runs; it is killed when this is dropped.
#[derive(Debug)]
pub struct LambdaRuntime {
    program: Child,
    server: JoinHandle<()>,
    events: mpsc::Sender<Value>,
    outcomes: Mutex<mpsc::Receiver<Outcome>>,
}

/// The runtime interface, as the program calls it.
#[derive(Clone)]
struct RuntimeApi {
    events: Arc<Mutex<mpsc::Receiver<Value>>>,
    outcomes: mpsc::Sender<Outcome>,
}

impl LambdaRuntime {
    /// Starts `program` as Lambda does, with these variables and Lambda's own.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub async fn start(program: &str, variables: &BTreeMap<String, String>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port is there");
        let address = listener.local_addr().expect("it is bound");
        let (events, waiting) = mpsc::channel(1);
        let (done, outcomes) = mpsc::channel(1);
        let runtime = RuntimeApi {
            events: Arc::new(Mutex::new(waiting)),
            outcomes: done,
        };
        let server = tokio::spawn(async move {
            axum::serve(listener, routes(runtime))
                .await
                .expect("it serves");
        });
        let program = Command::new(program)
            .env_clear()
            .envs(variables)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "function")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        Self {
            program,
            server,
            events,
            outcomes: Mutex::new(outcomes),
        }
    }

    /// Hands `event` over and waits for the answer.
    ///
    /// # Errors
    ///
    /// What the program reported when the invocation failed: `errorType` and `errorMessage`.
    ///
    /// # Panics
    ///
    /// When the program does not answer.
    pub async fn invoke(&self, event: Value) -> Outcome {
        self.events.send(event).await.expect("the server is there");
        let outcome = async { self.outcomes.lock().await.recv().await };
        let outcome = tokio::time::timeout(TIMEOUT, outcome).await;
        outcome.expect("it answers").expect("the server is there")
    }
}

impl Drop for LambdaRuntime {
    fn drop(&mut self) {
        self.server.abort();
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn routes(runtime: RuntimeApi) -> Router {
    const INVOCATION: &str = "/2018-06-01/runtime/invocation";
    Router::new()
        .route(&format!("{INVOCATION}/next"), get(next))
        .route(&format!("{INVOCATION}/{{id}}/response"), post(answered))
        .route(&format!("{INVOCATION}/{{id}}/error"), post(failed))
        .with_state(runtime)
}

/// The next event, when there is one.
async fn next(State(runtime): State<RuntimeApi>) -> ([(HeaderName, &'static str); 3], Json<Value>) {
    let event = runtime.events.lock().await.recv().await;
    let headers = [
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
        ),
        ("lambda-runtime-deadline-ms", "4102444800000"),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:1:function:function",
        ),
    ];
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value));
    (headers, Json(event.unwrap_or_default()))
}

async fn answered(State(runtime): State<RuntimeApi>, body: String) -> StatusCode {
    let answer = serde_json::from_str(&body).expect("an answer is JSON");
    report(&runtime, Ok(answer)).await
}

async fn failed(State(runtime): State<RuntimeApi>, body: String) -> StatusCode {
    let error = serde_json::from_str(&body).expect("an error is JSON");
    report(&runtime, Err(error)).await
}

async fn report(runtime: &RuntimeApi, outcome: Outcome) -> StatusCode {
    match runtime.outcomes.send(outcome).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::GONE,
    }
}
