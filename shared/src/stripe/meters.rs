//! Meters, and the meter events that report a customer's usage.
//!
//! The requests are written by hand: their builders are in a crate for the whole of Stripe Billing.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use stripe_client_core::{RequestBuilder, StripeMethod};
use tokio::time::Instant;

use super::{Stripe, StripeError};
use crate::subscription::objects::List;

/// The size of a page, which is Stripe's largest.
const PAGE: usize = 100;
/// The time for which the meters are cached.
const TTL: Duration = Duration::from_secs(300);
/// The time after which they are fetched again for a meter that is not among them.
const UNKNOWN_TTL: Duration = Duration::from_secs(10);
/// Stripe's code for an identifier that it had before. Stripe's answers have it in the message
/// alone.
pub(super) const DUPLICATE: &str = "duplicate_meter_event";
/// The beginning of that message.
pub(super) const DUPLICATE_MESSAGE: &str = "An event already exists with identifier";

/// An active meter, as far as its events depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Meter {
    id: String,
    /// The name by which events name their meter.
    pub event_name: String,
    customer_mapping: PayloadKey,
    value_settings: PayloadKey,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct PayloadKey {
    event_payload_key: String,
}

impl Meter {
    /// A meter with the keys that Stripe gives one by default.
    fn by_default(event_name: &str) -> Self {
        let key = |key: &str| PayloadKey {
            event_payload_key: key.to_owned(),
        };
        Self {
            id: String::new(),
            event_name: event_name.to_owned(),
            customer_mapping: key("stripe_customer_id"),
            value_settings: key("value"),
        }
    }
}

/// The usage of a customer.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'a> {
    /// The event name of the meter.
    pub meter: &'a str,
    /// `cus_…`
    pub customer: &'a str,
    /// A decimal number.
    pub value: &'a str,
    /// The same for each report of the same usage.
    pub identifier: &'a str,
    /// The time of the usage, in Unix seconds.
    pub timestamp: i64,
}

/// The account's active meters, cached; cheap to clone, and all clones share the cache.
#[derive(Clone, Debug, Default)]
pub struct Meters(Arc<Mutex<Option<Cached>>>);

#[derive(Clone, Debug)]
struct Cached {
    at: Instant,
    meters: Arc<Vec<Meter>>,
}

impl Cached {
    fn find(&self, event_name: &str) -> Option<Meter> {
        let mut meters = self.meters.iter();
        let found = meters.find(|meter| meter.event_name == event_name);
        found.cloned()
    }
}

impl Meters {
    /// The active meter with this event name.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return the meters.
    pub async fn find(
        &self,
        stripe: &Stripe,
        event_name: &str,
    ) -> Result<Option<Meter>, StripeError> {
        let cached = self.cached().clone();
        if let Some(cached) = cached {
            let found = cached.find(event_name);
            let ttl = found.as_ref().map_or(UNKNOWN_TTL, |_| TTL);
            if cached.at.elapsed() < ttl {
                return Ok(found);
            }
        }
        let fetched = Cached {
            meters: Arc::new(stripe.active_meters().await?),
            at: Instant::now(),
        };
        let found = fetched.find(event_name);
        *self.cached() = Some(fetched);
        Ok(found)
    }

    fn cached(&self) -> MutexGuard<'_, Option<Cached>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports `usage` to Stripe; may be repeated.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not take it.
    pub async fn report(&self, stripe: &Stripe, usage: Usage<'_>) -> Result<(), StripeError> {
        let meter = match self.find(stripe, usage.meter).await {
            Ok(Some(meter)) => meter,
            // Stripe decides whether there is such a meter.
            Ok(None) => Meter::by_default(usage.meter),
            Err(failure) if failure.is_forbidden() => Meter::by_default(usage.meter),
            Err(failure) => return Err(failure),
        };
        stripe.report_usage(&meter, usage).await
    }
}

/// A meter event, as Stripe takes it.
#[derive(Serialize)]
struct MeterEvent<'a> {
    event_name: &'a str,
    identifier: &'a str,
    timestamp: i64,
    payload: BTreeMap<&'a str, &'a str>,
}

/// Stripe's answer, of which only that it came counts.
#[derive(miniserde::Deserialize)]
struct Reported {}

impl Stripe {
    /// Reports `usage` to `meter`. Stripe takes an identifier once within a day, and a report of
    /// one that it has counts as taken.
    async fn report_usage(&self, meter: &Meter, usage: Usage<'_>) -> Result<(), StripeError> {
        // The identifiers of two deployments may coincide, and so may those of other software.
        let identifier = format!("{}_{}", self.deployment()?, usage.identifier);
        let timestamp = usage.timestamp.to_string();
        let event = MeterEvent {
            event_name: usage.meter,
            identifier: &identifier,
            timestamp: usage.timestamp,
            payload: BTreeMap::from([
                (
                    meter.customer_mapping.event_payload_key.as_str(),
                    usage.customer,
                ),
                (meter.value_settings.event_payload_key.as_str(), usage.value),
            ]),
        };
        let operation = [
            "meter event",
            usage.identifier,
            usage.meter,
            usage.customer,
            usage.value,
            &timestamp,
        ];
        let request = RequestBuilder::new(StripeMethod::Post, "/billing/meter_events");
        let reported: Result<Reported, _> = self.make(request.form(&event), &operation).await;
        match reported {
            Err(StripeError::Refused(refusal)) if refusal.code.as_deref() == Some(DUPLICATE) => {
                Ok(())
            }
            reported => reported.map(drop),
        }
    }

    async fn active_meters(&self) -> Result<Vec<Meter>, StripeError> {
        let (mut meters, mut after) = (Vec::<Meter>::new(), String::new());
        loop {
            let query = format!("status=active&limit={PAGE}{after}");
            let page: List<Meter> = self.get("/billing/meters".to_owned(), query).await?;
            meters.extend(page.data);
            match meters.last().filter(|_| page.has_more) {
                Some(last) => after = format!("&starting_after={}", last.id),
                None => return Ok(meters),
            }
        }
    }
}
