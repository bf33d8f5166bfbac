//! Whether Stripe delivers what moves orders, to where the webhook is.

use serde_json::Value;
use shared::{event::NEEDED, stripe::api_version};

use super::{
    Finding,
    asking::{Answer, Stripe, Unreachable},
};

const WHAT: &str = "webhook endpoint";

/// What Stripe has for the endpoint at `url`; without one, for the only one there is.
pub(super) async fn examine(stripe: &Stripe<'_>, url: Option<&str>) -> Finding {
    let listed = match stripe.get("/v1/webhook_endpoints?limit=100").await {
        Ok(Answer {
            status: 200, body, ..
        }) => body,
        Ok(Answer { status: 403, .. }) => {
            let text = "the restricted key may not read Webhook Endpoints: look in Stripe's dashboard, \
                or add that right for this check";
            return Finding::unknown(WHAT, text);
        }
        Ok(Answer { status, .. }) => {
            return Finding::unknown(WHAT, format!("Stripe answered with status {status}"));
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
            // Of several with one URL, the one that works counts.
            let mut with_url = endpoints.iter().filter(|endpoint| endpoint["url"] == url);
            let first = with_url.next().ok_or_else(|| {
                Finding::problem(WHAT, "none has this URL: make one in Stripe's dashboard")
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
            "Stripe lists none: an event destination is not looked at, nor is `stripe listen`",
        )),
        (None, several) => Err(Finding::unknown(
            WHAT,
            format!("there are {}: say which by --url", several.len()),
        )),
    }
}

/// Whether an endpoint delivers what it should.
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
        let text = format!("it lacks these events: {}", missing.join(", "));
        return Finding::problem(WHAT, text);
    }
    let ours = api_version();
    match endpoint["api_version"].as_str() {
        Some(theirs) if are_compatible(theirs, ours) => Finding::ok(
            WHAT,
            format!("enabled, with all events, at version {theirs}"),
        ),
        // The dashboard offers two versions alone, the account's and the latest.
        theirs => Finding::unknown(
            WHAT,
            format!(
                "enabled, with all events, at {}: Farebox reads its events, and is tested with {ours}; \
                    `stripe webhook_endpoints create --api-version {ours}` makes one of that version",
                theirs.unwrap_or("the account's API version")
            ),
        ),
    }
}

/// Whether events of both versions have one shape: within a release, which the name tells, a
/// version only adds (<https://docs.stripe.com/api/versioning>).
fn are_compatible(theirs: &str, ours: &str) -> bool {
    let release = |version: &str| version.split_once('.').map(|(_, name)| name.to_owned());
    theirs == ours || (release(ours).is_some() && release(theirs) == release(ours))
}
