//! Checks the Stripe key and its permissions.

use shared::checkout::CheckoutSettings;

use super::{
    Finding,
    client::{Answer, Stripe, Unreachable},
};
use crate::permissions::{OF_PAYMENTS, OF_SUBSCRIPTIONS, Permission, Probe};

/// Checks that Stripe responds and accepts the key; also returns Stripe's clock.
pub(super) async fn reach(stripe: &Stripe<'_>) -> (Finding, Option<i64>) {
    const WHAT: &str = "Stripe";
    let answer = match stripe.get("/v1/events?limit=1").await {
        Ok(answer) => answer,
        Err(Unreachable(cause)) => {
            let text = format!("{} cannot be reached: {cause}", stripe.base());
            return (Finding::problem(WHAT, text), None);
        }
    };
    let found = match answer.status {
        401 => Finding::problem(
            WHAT,
            "does not accept the key in STRIPE_SECRET_KEY: was it rolled or deleted?",
        ),
        // The check of permissions reports on listing events.
        200 | 403 => Finding::ok(WHAT, "reachable, and the key is valid"),
        status => Finding::problem(
            WHAT,
            format!("responds with status {status}: try again later"),
        ),
    };
    (found, answer.date)
}

/// Checks each permission of a restricted key that a deployment with these options needs, and those
/// for subscriptions where the shop `has_plans`.
pub(super) async fn permissions(
    stripe: &Stripe<'_>,
    checkout: &CheckoutSettings,
    has_plans: bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of_subscriptions = OF_SUBSCRIPTIONS.iter().filter(|_| has_plans);
    let is_listed_there = |one: &&Permission| {
        has_plans && OF_SUBSCRIPTIONS.iter().any(|other| other.name == one.name)
    };
    let used = OF_PAYMENTS.iter().filter(|one| (one.is_used)(checkout));
    let used = used.filter(|one| !is_listed_there(one));
    for permission in used.chain(of_subscriptions) {
        findings.push(check(permission, stripe).await);
    }
    findings
}

async fn check(permission: &Permission, stripe: &Stripe<'_>) -> Finding {
    let answered = match permission.probe {
        Probe::Read(path) => stripe.get(path).await,
        Probe::Create(path, form) => stripe.post(path, form).await,
    };
    let what = format!("{} ({})", permission.name, permission.functions);
    match (answered, &permission.probe) {
        (Ok(Answer { status: 403, .. }), _) => {
            let advice = permission.advice;
            let text = format!("the restricted key lacks this permission{advice}");
            match permission.is_required {
                true => Finding::problem(&what, text),
                false => Finding::unknown(&what, text),
            }
        }
        (Ok(Answer { status: 200, .. }), Probe::Read(_))
        | (Ok(Answer { status: 400, .. }), Probe::Create(..)) => {
            Finding::ok(&what, "the key has this permission")
        }
        (Ok(Answer { status, .. }), _) => {
            Finding::unknown(&what, format!("Stripe responded with status {status}"))
        }
        (Err(Unreachable(cause)), _) => Finding::unknown(&what, cause),
    }
}
