//! Checks what the options of Checkout Sessions need at Stripe.

use serde_json::Value;
use shared::Config;

use super::{
    Finding,
    account::unanswered,
    client::{Answer, Stripe},
};

/// Checks that Stripe Tax is ready, where the options of Checkout Sessions ask for it.
pub(super) async fn tax(stripe: &Stripe<'_>, config: &Config) -> Vec<Finding> {
    match config.checkout.has_tax() {
        true => vec![tax_settings(stripe).await, tax_registrations(stripe).await],
        false => Vec::new(),
    }
}

async fn tax_settings(stripe: &Stripe<'_>) -> Finding {
    const WHAT: &str = "Stripe Tax (create-checkout)";
    match stripe.get("/v1/tax/settings").await {
        Ok(Answer {
            status: 200, body, ..
        }) if body["status"] == "active" => Finding::ok(WHAT, "is active"),
        Ok(Answer {
            status: 200, body, ..
        }) => {
            let missing = body["status_details"]["pending"]["missing_fields"].as_array();
            let missing: Vec<&str> = missing
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let text = format!(
                "is not active in this mode, and `automatic_tax` asks for it; missing: {}: in \
                 Stripe's dashboard, open Settings, Tax",
                missing.join(", ")
            );
            Finding::problem(WHAT, text)
        }
        answered => unanswered(WHAT, answered),
    }
}

async fn tax_registrations(stripe: &Stripe<'_>) -> Finding {
    const WHAT: &str = "tax registrations (create-checkout)";
    match stripe
        .get("/v1/tax/registrations?status=active&limit=1")
        .await
    {
        Ok(Answer {
            status: 200, body, ..
        }) => match body["data"].as_array() {
            Some(active) if !active.is_empty() => Finding::ok(WHAT, "there is an active one"),
            _ => Finding::problem(
                WHAT,
                "none is active in this mode: Stripe adds no tax to any payment; in Stripe's \
                 dashboard, open Tax, Registrations",
            ),
        },
        answered => unanswered(WHAT, answered),
    }
}

/// Checks that Stripe has each object that the options of Checkout Sessions name.
pub(super) async fn objects(stripe: &Stripe<'_>, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, path) in config.checkout.named_objects() {
        let what = format!("checkout option {place}");
        let answered = stripe.get(&format!("/v1{path}")).await;
        findings.push(match answered {
            Ok(Answer {
                status: 200, body, ..
            }) if body["active"] == false || body["valid"] == false => {
                Finding::problem(&what, "it is archived or used up at Stripe")
            }
            Ok(Answer { status: 200, .. }) => Finding::ok(&what, "can be used at Stripe"),
            Ok(Answer { status: 404, .. }) => {
                Finding::problem(&what, "does not exist at Stripe in this mode")
            }
            answered => unanswered(&what, answered),
        });
    }
    findings
}
