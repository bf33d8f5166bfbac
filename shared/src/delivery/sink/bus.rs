//! Delivers to an EventBridge bus: an event for each message, whose `source` is `farebox` and whose
//! `detail-type` is the message's type. EventBridge, too, delivers at least once, and in no
//! particular order.

use aws_sdk_eventbridge::{Client, types::PutEventsRequestEntry};
use serde::Serialize;
use serde_json::{Map, Value};

use super::DeliveryError;
use crate::{
    aws::{Aws, ErrorMetadata},
    store::Message,
};

/// The event source that rules match on.
const SOURCE: &str = "farebox";

/// One bus of the account.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct Bus {
    name: String,
    client: Client,
}

/// A message with its id, which an endpoint receives in a header.
#[derive(Serialize)]
struct Detail<'a> {
    id: &'a str,
    #[serde(flatten)]
    message: Map<String, Value>,
}

impl Bus {
    pub(super) fn new(name: &str, aws: &Aws) -> Self {
        Self {
            name: name.to_owned(),
            client: Client::new(&aws.config()),
        }
    }

    /// Checks that the bus exists. EventBridge has been seen to accept events for a missing bus,
    /// with ids: such messages would count as delivered, and be lost.
    pub(super) async fn find(&self) -> Result<(), DeliveryError> {
        let found = self.client.describe_event_bus().name(&self.name).send();
        found.await.map(drop).map_err(|error| {
            DeliveryError::NoBus(self.name.clone(), ErrorMetadata::of(&error).to_string())
        })
    }

    /// Puts `message` on the bus.
    pub(super) async fn put(&self, message: &Message) -> Result<(), DeliveryError> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(&message.kind)
            .detail(detail(message)?)
            .build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer =
            answer.map_err(|error| DeliveryError::Bus(ErrorMetadata::of(&error).to_string()))?;
        // A call with status 200 may have refused the entry.
        match answer.entries().first() {
            Some(entry) if entry.event_id().is_some() => Ok(()),
            refused => {
                let code = refused.and_then(|entry| entry.error_code());
                Err(DeliveryError::Bus(code.unwrap_or("no event id").to_owned()))
            }
        }
    }
}

fn detail(message: &Message) -> Result<String, DeliveryError> {
    let unreadable = |error: serde_json::Error| DeliveryError::Bus(error.to_string());
    let detail = Detail {
        id: &message.id,
        message: serde_json::from_str(&message.body).map_err(unreadable)?,
    };
    serde_json::to_string(&detail).map_err(unreadable)
}
