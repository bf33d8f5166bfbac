//! Stripe's webhook as in the documentation of async-stripe-webhook, lambda_http and the AWS SDK.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use stock::{Aws, reply};
use stripe_webhook::{EventObject, Webhook};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let aws = &Aws::from_env().await?;
    run(service_fn(move |request: Request| receive(aws, request))).await
}

async fn receive(aws: &Aws, request: Request) -> Result<Response<Body>, Error> {
    let signature = request.headers().get("stripe-signature");
    let signature = signature.and_then(|value| value.to_str().ok());
    let body = std::str::from_utf8(request.body()).ok();
    let (Some(signature), Some(body)) = (signature, body) else {
        return reply(400, "no signature");
    };
    let Ok(event) = Webhook::construct_event(body, signature, &aws.webhook_secret) else {
        return reply(400, "bad signature");
    };
    let (status, intent) = match event.data.object {
        EventObject::PaymentIntentSucceeded(intent) => ("paid", intent.id.to_string()),
        EventObject::PaymentIntentPaymentFailed(intent) => ("failed", intent.id.to_string()),
        EventObject::PaymentIntentCanceled(intent) => ("canceled", intent.id.to_string()),
        EventObject::ChargeRefunded(charge) => ("refunded", charge.id.to_string()),
        _ => return reply(200, r#"{"received":true}"#),
    };
    let claimed = aws
        .dynamodb
        .put_item()
        .table_name(&aws.table)
        .item("pk", AttributeValue::S(format!("event#{}", event.id)))
        .item("status", AttributeValue::S(status.to_owned()))
        .item("intent", AttributeValue::S(intent))
        .condition_expression("attribute_not_exists(pk)")
        .send()
        .await;
    match claimed.map_err(aws_sdk_dynamodb::Error::from) {
        Ok(_) | Err(aws_sdk_dynamodb::Error::ConditionalCheckFailedException(_)) => {
            reply(200, r#"{"received":true}"#)
        }
        Err(_) => reply(503, "unavailable"),
    }
}
