//! A payment intent as in the documentation of async-stripe, lambda_http and the AWS SDK.

use std::env;

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use serde_json::{Value, json};
use stock::{Aws, reply};
use stripe::{ClientBuilder, IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::payment_intent::CreatePaymentIntent;
use stripe_types::Currency;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let aws = &Aws::from_env().await?;
    let stripe =
        ClientBuilder::new(&aws.stripe_key).url(format!("{}/", env::var("STRIPE_API_BASE")?));
    let stripe = &stripe.build()?;
    run(service_fn(move |request: Request| {
        create(aws, stripe, request)
    }))
    .await
}

async fn create(
    aws: &Aws,
    stripe: &stripe::Client,
    request: Request,
) -> Result<Response<Body>, Error> {
    let asked: Value = serde_json::from_slice(request.body())?;
    let Some(order) = asked["orderId"].as_str() else {
        return reply(400, "no order");
    };
    let intent = CreatePaymentIntent::new(1999, Currency::EUR)
        .metadata([("order".to_owned(), order.to_owned())])
        .customize()
        .request_strategy(RequestStrategy::Idempotent(IdempotencyKey::new(order)?))
        .send(stripe)
        .await?;
    aws.dynamodb
        .put_item()
        .table_name(&aws.table)
        .item("pk", AttributeValue::S(format!("order#{order}")))
        .item("intent", AttributeValue::S(intent.id.to_string()))
        .send()
        .await?;
    reply(
        200,
        &json!({ "clientSecret": intent.client_secret }).to_string(),
    )
}
