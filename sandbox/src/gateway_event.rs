//! Signs a recorded API Gateway event of a webhook anew.
//!
//! A signature is valid for five minutes, so a recorded event needs a new one for each use.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

const SIGNATURE: &str = "stripe-signature";

/// Returns `event` with a signature over its body's exact bytes, created at `now` (Unix seconds).
///
/// # Errors
///
/// The event's problem, as text.
pub(crate) fn signed(event: &str, secret: &str, now: u64) -> Result<String, String> {
    let mut event: Map<String, Value> = serde_json::from_str(event)
        .map_err(|error| format!("the event is not a JSON object: {error}"))?;
    let bytes = body(&event)?;
    let headers = event.get_mut("headers").and_then(Value::as_object_mut);
    let headers = headers.ok_or("the event has no object `headers`")?;
    headers.retain(|name, _| !name.eq_ignore_ascii_case(SIGNATURE));
    headers.insert(
        SIGNATURE.to_owned(),
        stripe_sandbox::sign(&bytes, secret, now).into(),
    );
    Ok(format!("{:#}\n", Value::Object(event)))
}

/// The bytes that the function receives.
fn body(event: &Map<String, Value>) -> Result<Vec<u8>, String> {
    let text = event.get("body").and_then(Value::as_str);
    let text = text.ok_or("the event has no string `body`")?;
    match event.get("isBase64Encoded") {
        Some(Value::Bool(true)) => STANDARD
            .decode(text)
            .map_err(|error| format!("the event's `body` is not base64: {error}")),
        _ => Ok(text.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn signature(event: &Value) -> String {
        let signed = signed(&event.to_string(), "whsec_a", 7).expect("it is an event");
        let signed: Value = serde_json::from_str(&signed).expect("it stays one");
        assert_eq!(signed["body"], event["body"]);
        let headers = signed["headers"].as_object().expect("they are there");
        assert_eq!(headers.len(), 2, "the old signature is gone: {headers:?}");
        headers[SIGNATURE].as_str().expect("a text").to_owned()
    }

    #[test]
    fn the_signature_is_over_the_bytes_that_the_function_sees() {
        let headers = json!({ "Stripe-Signature": "t=1,v1=00", "host": "a" });
        let expected = stripe_sandbox::sign("{\"ü\": 1}".as_bytes(), "whsec_a", 7);
        let plain = json!({ "headers": headers, "body": "{\"ü\": 1}" });
        let encoded = json!({
            "headers": headers, "body": STANDARD.encode("{\"ü\": 1}"), "isBase64Encoded": true,
        });

        assert_eq!(signature(&plain), expected);
        assert_eq!(signature(&encoded), expected);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for wrong in [
            json!([]),
            json!({ "body": "{}" }),
            json!({ "headers": {} }),
            json!({ "headers": {}, "body": "?", "isBase64Encoded": true }),
        ] {
            assert!(signed(&wrong.to_string(), "whsec_a", 7).is_err(), "{wrong}");
        }
    }
}
