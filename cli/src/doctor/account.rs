//! Checks the settings that only Stripe's dashboard can change, once for each mode.

use shared::Config;

use super::{
    Finding,
    client::{Answer, Stripe, Unreachable},
};

/// The payment methods that need a registered domain.
const WALLETS: [(&str, &str); 3] = [
    ("apple_pay", "Apple Pay"),
    ("google_pay", "Google Pay"),
    ("link", "Link"),
];

/// Checks that the settings of the customer portal are saved.
pub(super) async fn portal(stripe: &Stripe<'_>) -> Finding {
    const WHAT: &str = "customer portal (portal)";
    let path = "/v1/billing_portal/configurations?is_default=true&limit=1";
    match stripe.get(path).await {
        Ok(Answer {
            status: 200, body, ..
        }) => match body["data"].as_array() {
            Some(saved) if !saved.is_empty() => Finding::ok(WHAT, "its settings are saved"),
            _ => Finding::problem(
                WHAT,
                "its settings were never saved in this mode: in Stripe's dashboard, open Settings, \
                    Billing, Customer portal, and save them",
            ),
        },
        answered => unanswered(WHAT, answered),
    }
}

/// Returns true when the shop has a recurring price: such a shop has subscriptions, or will.
pub(super) async fn has_plans(stripe: &Stripe<'_>) -> bool {
    let path = "/v1/prices?type=recurring&active=true&limit=1";
    match stripe.get(path).await {
        Ok(Answer { body, .. }) => body["data"].as_array().is_some_and(|all| !all.is_empty()),
        Err(_) => false,
    }
}

/// Checks that each return domain is registered for wallets.
pub(super) async fn domains(stripe: &Stripe<'_>, config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for domain in config.return_origins.domains() {
        let what = format!("payment method domain {domain}");
        let path = format!("/v1/payment_method_domains?domain_name={domain}&limit=1");
        findings.push(match stripe.get(&path).await {
            Ok(Answer {
                status: 200, body, ..
            }) => registered(&what, &body["data"][0]),
            answered => unanswered(&what, answered),
        });
    }
    findings
}

/// No result is a problem: card payments work without a registered domain.
fn registered(what: &str, domain: &serde_json::Value) -> Finding {
    if domain["enabled"] != true {
        let text = "is not registered in this mode: Apple Pay, Google Pay and Link do not appear \
                    in a form there; in Stripe's dashboard, open Settings, Payment method domains";
        return Finding::unknown(what, text);
    }
    let inactive: Vec<&str> = WALLETS
        .iter()
        .filter(|(method, _)| domain[method]["status"] != "active")
        .map(|(_, name)| *name)
        .collect();
    match inactive.is_empty() {
        true => Finding::ok(what, "is registered, for Apple Pay, Google Pay and Link"),
        false => {
            let text = format!("is registered, and not active for {}", inactive.join(", "));
            Finding::unknown(what, text)
        }
    }
}

/// The finding for a response without a result, or for none.
pub(super) fn unanswered(what: &str, answered: Result<Answer, Unreachable>) -> Finding {
    match answered {
        Ok(Answer { status: 403, .. }) => Finding::unknown(
            what,
            "the restricted key may not read this: check it in Stripe's dashboard",
        ),
        Ok(Answer { status, .. }) => {
            Finding::unknown(what, format!("Stripe responded with status {status}"))
        }
        Err(Unreachable(cause)) => Finding::unknown(what, cause),
    }
}
