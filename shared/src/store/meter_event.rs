//! Usage in the outbox: a message that goes to Stripe, and not to the site.

use serde::{Deserialize, Serialize};

use super::Message;
use crate::{digest, ids::CallerId};

/// The type of such a message.
pub const METER_EVENT: &str = "usage.meter_event";

/// The usage of a caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MeterEvent {
    /// The event name of the meter.
    pub meter: String,
    /// The caller.
    pub customer: CallerId,
    /// `cus_…`: the caller's customer when the usage was reported.
    pub stripe_customer: String,
    /// A decimal number.
    pub value: String,
    /// The site's name for this usage, the same for each report of it.
    pub identifier: String,
    /// The time of the usage, in Unix seconds.
    pub timestamp: i64,
}

#[derive(Deserialize)]
struct Body {
    data: MeterEvent,
}

impl Message {
    /// Reports `event`. Events with one identifier are one message.
    #[must_use]
    pub fn of_usage(event: &MeterEvent, now: i64) -> Self {
        let id = digest::hex(&["usage message", &event.identifier]);
        Self::new(&id, METER_EVENT, event, now)
    }

    /// True when it goes to Stripe.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        self.kind == METER_EVENT
    }

    /// The usage that it reports; `None` for another message.
    #[must_use]
    pub fn usage(&self) -> Option<MeterEvent> {
        if !self.is_usage() {
            return None;
        }
        let body: Option<Body> = serde_json::from_str(&self.body).ok();
        body.map(|body| body.data)
    }
}
