//! The destination of notifications: `FAREBOX_NOTIFY_URL`.

use hyper::Uri;

use crate::env::endpoint;

/// The destination of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `log:`: a log line each, for trying things out.
    Log,
    /// `https://…`: a signed POST each, by Standard Webhooks; plain `http` on this machine alone.
    Endpoint(Uri),
    /// `eventbridge:BUS`: an event each on the bus with this name or ARN, in the region of
    /// `AWS_REGION`.
    EventBridge(String),
}

impl Destination {
    /// Reads `log:`, `eventbridge:BUS` or the URL of an endpoint.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match (text, text.strip_prefix("eventbridge:")) {
            ("log:", _) => Ok(Self::Log),
            (_, Some(bus)) if is_bus(bus) => Ok(Self::EventBridge(bus.to_owned())),
            (_, Some(_)) => Err("must be `eventbridge:` and the name or the ARN of a bus"),
            (url, None) => endpoint(url).map(Self::Endpoint),
        }
    }
}

/// EventBridge's rule for the name or ARN of a bus.
fn is_bus(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"/._-:".contains(&b);
    (1..=1600).contains(&name.len()) && name.bytes().all(is_allowed)
}
