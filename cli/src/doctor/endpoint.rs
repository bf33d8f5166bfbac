//! Checks the webhook endpoint in Stripe: URL, events and API version.

use serde_json::Value;
use shared::{
    event::{NEEDED, OF_SUBSCRIPTIONS},
    stripe::api_version,
};

use super::{
    Finding,
    client::{Answer, Stripe, Unreachable},
};

const WHAT: &str = "webhook endpoint";

/// Checks the endpoint with `url`; without `url`, the only endpoint. The events of subscriptions
/// matter where the shop `has_plans`.
pub(super) async fn examine(
    stripe: &Stripe<'_>,
    url: Option<&str>,
    has_plans: bool,
) -> Vec<Finding> {
    let endpoints = match listed(stripe).await {
        Ok(endpoints) => endpoints,
        Err(finding) => return vec![finding],
    };
    match chosen(&endpoints, url) {
        Ok(endpoint) => {
            let of_subscriptions = has_plans.then(|| subscriptions(endpoint)).flatten();
            [judge(endpoint)]
                .into_iter()
                .chain(of_subscriptions)
                .collect()
        }
        Err(finding) => vec![finding],
    }
}

/// The endpoints of the account.
async fn listed(stripe: &Stripe<'_>) -> Result<Vec<Value>, Finding> {
    let listed = match stripe.get("/v1/webhook_endpoints?limit=100").await {
        Ok(Answer {
            status: 200, body, ..
        }) => body,
        Ok(Answer { status: 403, .. }) => {
            let text = "the restricted key may not read Webhook Endpoints: check Stripe's \
                        dashboard, or add that permission";
            return Err(Finding::unknown(WHAT, text));
        }
        Ok(Answer { status, .. }) => {
            let text = format!("Stripe responded with status {status}");
            return Err(Finding::unknown(WHAT, text));
        }
        Err(Unreachable(cause)) => return Err(Finding::unknown(WHAT, cause)),
    };
    Ok(listed["data"].as_array().cloned().unwrap_or_default())
}

/// Returns those of `kinds` that are not sent to an endpoint.
fn missing(endpoint: &Value, kinds: &[&'static str]) -> Vec<&'static str> {
    let subscribed = endpoint["enabled_events"].as_array();
    let subscribed: Vec<&str> = subscribed
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let is_sent = |kind: &&str| subscribed.iter().any(|event| ["*", *kind].contains(event));
    let kinds = kinds.iter().copied();
    kinds.filter(|kind| !is_sent(kind)).collect()
}

/// The finding when an endpoint lacks events of subscriptions. It is no problem: `reconcile`
/// fetches them.
fn subscriptions(endpoint: &Value) -> Option<Finding> {
    let missing = missing(endpoint, &OF_SUBSCRIPTIONS);
    (!missing.is_empty()).then(|| {
        let text = format!(
            "subscriptions are out of date until the next run of reconcile, since these events are \
             missing: {}",
            missing.join(", ")
        );
        Finding::unknown("webhook endpoint, subscriptions", text)
    })
}

fn chosen<'a>(endpoints: &'a [Value], url: Option<&str>) -> Result<&'a Value, Finding> {
    match (url, endpoints) {
        (Some(url), _) => {
            // Of several endpoints with this URL, an enabled one counts.
            let mut with_url = endpoints.iter().filter(|endpoint| endpoint["url"] == url);
            let first = with_url.next().ok_or_else(|| {
                Finding::problem(WHAT, "none has this URL: create one in Stripe's dashboard")
            })?;
            let enabled = with_url.find(|endpoint| endpoint["status"] == "enabled");
            Ok(match first["status"] == "enabled" {
                true => first,
                false => enabled.unwrap_or(first),
            })
        }
        (None, [only]) => Ok(only),
        (None, []) => Err(Finding::unknown(
            WHAT,
            "Stripe lists none; event destinations and `stripe listen` are not checked",
        )),
        (None, several) => Err(Finding::unknown(
            WHAT,
            format!("there are {}: choose one with --url", several.len()),
        )),
    }
}

/// Checks the state, the events and the API version of an endpoint.
fn judge(endpoint: &Value) -> Finding {
    if endpoint["status"] != "enabled" {
        return Finding::problem(WHAT, "it is disabled: enable it in Stripe's dashboard");
    }
    let missing = missing(endpoint, &NEEDED);
    if !missing.is_empty() {
        let text = format!("these events are missing: {}", missing.join(", "));
        return Finding::problem(WHAT, text);
    }
    let ours = api_version();
    match endpoint["api_version"].as_str() {
        Some(theirs) if are_compatible(theirs, ours) => Finding::ok(
            WHAT,
            format!("enabled, with all events, at version {theirs}"),
        ),
        // The dashboard offers only two versions: the account's default and the latest.
        theirs => Finding::unknown(
            WHAT,
            format!(
                "enabled, with all events, at {}: Farebox reads its events, and is tested with \
                 {ours}; `stripe webhook_endpoints create --api-version {ours}` creates an \
                 endpoint of that version",
                theirs.unwrap_or("the account's API version")
            ),
        ),
    }
}

/// Returns true when both versions share a release name: within a release, versions only add fields
/// (<https://docs.stripe.com/api/versioning>).
fn are_compatible(theirs: &str, ours: &str) -> bool {
    let release = |version: &str| version.split_once('.').map(|(_, name)| name.to_owned());
    theirs == ours || (release(ours).is_some() && release(theirs) == release(ours))
}
