//! A fast stand-in for AWS on this machine, the same for all subjects: Secrets Manager with one
//! secret, and DynamoDB with tables in memory, as far as the subjects need them.
//!
//! `stand-in --secret FILE` prints its address. `PUT /copies` seeds a table; `GET /asked` returns
//! the operations since the last read.

use std::{
    fs, mem,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use bench_tools::{Item, Options, Tables};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The shared state.
#[derive(Clone)]
struct Aws {
    secret: Arc<str>,
    tables: Arc<Mutex<Tables>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Aws {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn asked(&self) -> MutexGuard<'_, Vec<String>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the harness reads where it listens")]
async fn main() {
    let options = Options::from_args(&["secret"]);
    let secret = fs::read_to_string(options.need::<String>("secret"));
    let aws = Aws {
        secret: secret.expect("the secret's file is there").into(),
        tables: Arc::default(),
        asked: Arc::default(),
    };
    let routes = Router::new()
        .route("/", post(answer))
        .route("/copies", put(copy))
        .route("/asked", get(asked))
        .route("/items/{table}", get(items))
        .layer(DefaultBodyLimit::disable())
        .with_state(aws);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.expect("a port is free");
    println!(
        "listening on http://{}",
        listener.local_addr().expect("it is bound")
    );
    axum::serve(listener, routes).await.expect("it serves");
}

async fn answer(State(aws): State<Aws>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target").and_then(|t| t.to_str().ok());
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    aws.asked().push(target.unwrap_or_default().to_owned());
    let (kind, (status, answer)) = match target.and_then(|target| target.split_once('.')) {
        Some(("secretsmanager", "GetSecretValue")) => ("1.1", (200, aws.secret_value())),
        Some(("DynamoDB_20120810", operation)) => ("1.0", aws.tables().answer(operation, &request)),
        _ => (
            "1.1",
            (400, json!({ "__type": "UnknownOperationException" })),
        ),
    };
    let status = StatusCode::from_u16(status).expect("it is one");
    let headers = [(CONTENT_TYPE, format!("application/x-amz-json-{kind}"))];
    (status, headers, answer.to_string()).into_response()
}

impl Aws {
    fn secret_value(&self) -> Value {
        json!({
            "ARN": "arn:aws:secretsmanager:eu-central-1:000000000000:secret:bench",
            "Name": "bench",
            "CreatedDate": 1_700_000_000,
            "SecretString": &*self.secret,
            "VersionId": "00000000-0000-0000-0000-000000000001",
            "VersionStages": ["AWSCURRENT"],
        })
    }
}

/// The originals of many items: in each copy a number of nine digits replaces nine zeros.
#[derive(Deserialize)]
struct Copies {
    table: String,
    items: Vec<Item>,
    first: u64,
    count: u64,
}

async fn copy(State(aws): State<Aws>, Json(copies): Json<Copies>) {
    let originals: Vec<String> = copies
        .items
        .into_iter()
        .map(|item| Value::from(item).to_string())
        .collect();
    let mut tables = aws.tables();
    for number in copies.first..copies.first + copies.count {
        for original in &originals {
            let copy = original.replace("000000000", &format!("{number:09}"));
            let item = serde_json::from_str(&copy).expect("a copy is as the original");
            tables.put(&copies.table, item);
        }
    }
}

async fn asked(State(aws): State<Aws>) -> Json<Vec<String>> {
    Json(mem::take(&mut aws.asked()))
}

async fn items(State(aws): State<Aws>, Path(table): Path<String>) -> Json<Vec<Item>> {
    Json(aws.tables().items(&table).cloned().collect())
}
