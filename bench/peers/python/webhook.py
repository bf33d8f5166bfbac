"""Stripe's webhook as in guides for Lambda, with the event's id claimed by Powertools."""

import json
import os

import boto3
import stripe
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

import runtime

secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ID"])
keys = json.loads(secret["SecretString"])
claims = DynamoDBPersistenceLayer(table_name=os.environ["TABLE"])

STATUS = {
    "payment_intent.succeeded": "paid",
    "payment_intent.payment_failed": "failed",
    "payment_intent.canceled": "canceled",
    "charge.refunded": "refunded",
}


@idempotent_function(
    data_keyword_argument="event",
    persistence_store=claims,
    config=IdempotencyConfig(event_key_jmespath="id"),
)
def take(event):
    """Stores the order's new status."""
    return {"intent": event["data"]["object"]["id"], "status": STATUS[event["type"]]}


def receive(headers, body):
    """Handles a delivery."""
    try:
        event = stripe.Webhook.construct_event(
            body, headers["stripe-signature"], keys["STRIPE_WEBHOOK_SECRET"]
        )
    except (KeyError, ValueError, stripe.SignatureVerificationError):
        return 400, {"error": "bad signature"}
    if event["type"] in STATUS:
        take(event=json.loads(body))
    return 200, {"received": True}


runtime.serve(receive)
