//! Delivers to an EventBridge bus: an event for each message, whose `source` is `farebox` and whose
//! `detail-type` is the message's type. EventBridge, too, delivers at least once, and in no
//! particular order.

use aws_sdk_eventbridge::{
    operation::{
        describe_event_bus::{
            DescribeEventBus, DescribeEventBusError, DescribeEventBusInput, DescribeEventBusOutput,
        },
        put_events::{PutEvents, PutEventsError, PutEventsInput, PutEventsOutput},
    },
    types::PutEventsRequestEntry,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use serde::Serialize;
use serde_json::{Map, Value};

use super::DeliveryError;
use crate::{
    aws::{Aws, ErrorMetadata, OperationInput, Prepared, Service, clock_skew, operation_inputs},
    cause::Cause,
    store::Message,
};

operation_inputs! {
    DescribeEventBusInput: DescribeEventBus => DescribeEventBusOutput, DescribeEventBusError;
    PutEventsInput: PutEvents => PutEventsOutput, PutEventsError;
}

/// The event source that rules match on.
const SOURCE: &str = "farebox";

/// One bus of the account.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct Bus {
    name: String,
    service: Service,
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
            service: aws.service("events"),
        }
    }

    /// Checks that the bus exists. EventBridge has been seen to accept events for a missing bus,
    /// with ids: such messages would count as delivered, and be lost.
    pub(super) async fn find(&self) -> Result<(), DeliveryError> {
        let input = DescribeEventBusInput::builder().name(&self.name).build();
        let request = input.map_err(Cause::from).and_then(Prepared::new);
        let missing = |why| DeliveryError::NoBus(self.name.clone(), why);
        let request = request.map_err(|error| missing(error.to_string()))?;
        let found = self.send(&request).await;
        found
            .map(drop)
            .map_err(|error| missing(ErrorMetadata::of(&error).to_string()))
    }

    /// Sends `request`, and once more where the first attempt had no answer, or a signature of a
    /// clock that is wrong: the service signs by AWS's clock from then on.
    async fn send<I: OperationInput>(
        &self,
        request: &Prepared<I>,
    ) -> Result<I::Output, SdkError<I::Error, HttpResponse>> {
        // On the heap: a call is a deep future, which would enlarge every handler's.
        let error = match Box::pin(self.service.send(request)).await {
            Err(error) => error,
            answer => return answer,
        };
        let is_mistimed = error.raw_response().and_then(clock_skew).is_some();
        match error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => {}
            _ if is_mistimed => {}
            error => return Err(error),
        }
        Box::pin(self.service.send(request)).await
    }

    /// Puts `message` on the bus.
    pub(super) async fn put(&self, message: &Message) -> Result<(), DeliveryError> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(&message.kind)
            .detail(detail(message)?)
            .build();
        let input = PutEventsInput::builder().entries(entry).build();
        let request = input.map_err(Cause::from).and_then(Prepared::new);
        let request = request.map_err(|error| DeliveryError::Bus(error.to_string()))?;
        let answer = self.send(&request).await;
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
