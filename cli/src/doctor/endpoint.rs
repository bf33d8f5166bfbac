//! Checks the webhook endpoint in Stripe: URL, events and API version.

use serde_json::Value;
use shared::{event::NEEDED, stripe::api_version};

use super::{
    Finding,
    client::{Answer, Stripe, Unreachable},
};

const WHAT: &str = "webhook endpoint";

/// Checks the endpoint with `url`; without `url`, the only endpoint.
pub(super) async fn examine(stripe: &Stripe<'_>, url: Option<&str>) -> Finding {
    let listed = match stripe.get("/v1/webhook_endpoints?limit=100").await {
        Ok(Answer {
            status: 200, body, ..
        }) => body,
        Ok(Answer { status: 403, .. }) => {
            let text = "the restricted key may not read Webhook Endpoints: check Stripe's \
                        dashboard, or add that permission";
            return Finding::unknown(WHAT, text);
        }
        Ok(Answer { status, .. }) => {
            return Finding::unknown(WHAT, format!("Stripe responded with status {status}"));
        }
        Err(Unreachable(cause)) => return Finding::unknown(WHAT, cause),
    };
    let endpoints = listed["data"].as_array().map_or(&[][..], Vec::as_slice);
    match chosen(endpoints, url) {
        Ok(endpoint) => judge(endpoint),
        Err(finding) => finding,
    }
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
    let subscribed: Vec<&str> = endpoint["enabled_events"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let is_delivered = |kind: &str| {
        subscribed
            .iter()
            .any(|event| *event == "*" || *event == kind)
    };
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|kind| !is_delivered(kind))
        .collect();
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
