//! The common start of both functions: the secret, and a client for the table.

use std::env;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client as DynamoDb;
use lambda_http::{Body, Error, Response};
use serde_json::Value;

/// The result of the start.
pub struct Aws {
    pub dynamodb: DynamoDb,
    pub table: String,
    pub stripe_key: String,
    pub webhook_secret: String,
}

impl Aws {
    pub async fn from_env() -> Result<Self, Error> {
        let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let secret = aws_sdk_secretsmanager::Client::new(&config)
            .get_secret_value()
            .secret_id(env::var("SECRET_ID")?)
            .send()
            .await?;
        let keys: Value = serde_json::from_str(secret.secret_string().unwrap_or_default())?;
        let text = |name: &str| keys[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            dynamodb: DynamoDb::new(&config),
            table: env::var("TABLE")?,
            stripe_key: text("STRIPE_SECRET_KEY"),
            webhook_secret: text("STRIPE_WEBHOOK_SECRET"),
        })
    }
}

pub fn reply(status: u16, body: &str) -> Result<Response<Body>, Error> {
    Ok(Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.into())?)
}
