//! Variables for Stripe's keys and for calls to Stripe.

use super::{Group, PAYMENTS, Readers, Variable, WEBHOOK};

pub(super) const GROUP: Group = Group {
    title: "Stripe",
    variables: &[
        Variable::new(
            "STRIPE_SECRET_KEY",
            "sk_test_...",
            Readers::Stripe,
            "Stripe's secret key, or better a restricted one (`rk_…`), from \
             https://dashboard.stripe.com/apikeys, with the permissions that the page below lists. \
             `cargo dev doctor` names those that are missing; with Webhook Endpoints read it also \
             checks the endpoint.",
        )
        .see("deploy-aws.md#1-make-stripes-key"),
        Variable::new(
            "STRIPE_PUBLISHABLE_KEY",
            "pk_test_...",
            PAYMENTS,
            "Stripe's publishable key, of the same mode. It goes to the browser and is no secret.",
        ),
        Variable::new(
            "STRIPE_WEBHOOK_SECRET",
            "whsec_...",
            WEBHOOK,
            "The signing secret of the webhook endpoint. While you roll it, or where several \
             endpoints lead here, list several, separated by commas without spaces: \
             `whsec_old,whsec_new`.",
        ),
        Variable::new(
            "STRIPE_EVENT_SOURCE",
            "aws.partner/stripe.com/ed_...",
            WEBHOOK,
            "On Lambda: the partner event source from which EventBridge brings Stripe's events, \
             unsigned, in place of the endpoint. Anyone who may invoke the function can then \
             report payments.",
        )
        .see("deploy-aws.md#or-through-eventbridge"),
        Variable::new(
            "STRIPE_API_BASE",
            "https://api.stripe.com",
            Readers::Stripe,
            "Where Stripe's API is. Another address is for tests; plain `http` is for 127.0.0.1 \
             alone. A live key beside an address that is not Stripe's stops the start.",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_STRIPE_DEADLINE",
            "20",
            Readers::Stripe,
            "Seconds that one call to Stripe may take, all attempts together: 1 to 60. Keep it \
             below the time limit of the function.",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_SECRET_ID",
            "farebox/live",
            Readers::All,
            "The name or the ARN of a secret in AWS Secrets Manager that holds the keys, in place \
             of the variables `STRIPE_SECRET_KEY`, `STRIPE_PUBLISHABLE_KEY`, \
             `STRIPE_WEBHOOK_SECRET`, `FAREBOX_SITE_KEY` and `FAREBOX_NOTIFY_SECRET`. The secret \
             is one JSON object of strings with those names; a function keeps what it needs of it, \
             and follows changes without a restart. A key in both places stops the start. It needs \
             `AWS_REGION` and AWS's credentials, and is not for `cargo dev`.",
        )
        .see("runbooks/rotate-keys.md"),
        Variable::new(
            "FAREBOX_SECRET_TTL",
            "300",
            Readers::All,
            "Seconds for which the secret is held before it is read again: 10 to 86400. A key that \
             Stripe no longer accepts, and a signature that no held secret explains, cause an \
             earlier read.",
        )
        .by_default(),
    ],
};
