//! Lists the events of the last thirty days.

use serde::Deserialize;
use serde_json::value::RawValue;
use stripe::StripeRequest as _;
use stripe_core::event::ListEvent;
use stripe_types::{RangeBoundsTs, RangeQueryTs};

use super::{Stripe, StripeError};
use crate::event::is_id;

/// The seconds for which Stripe keeps events (<https://docs.stripe.com/api/events/list>).
pub const KEPT: i64 = 30 * 24 * 60 * 60;

/// The events to list.
#[derive(Clone, Copy, Debug)]
pub struct EventQuery<'a> {
    /// Created at this time or later, in Unix seconds.
    pub from: i64,
    /// Created before this time, in Unix seconds.
    pub until: i64,
    /// Of these types, twenty at most; of all types when empty.
    pub kinds: &'a [&'a str],
    /// Listed after the event with this id.
    pub after: Option<&'a str>,
    /// The size of a page, from 1 to 100.
    pub limit: u8,
}

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct EventPage {
    /// The events.
    pub events: Vec<ListedEvent>,
    /// True when more events follow.
    pub has_more: bool,
}

/// One event of a page.
#[derive(Clone, Debug)]
pub struct ListedEvent {
    /// Its id; `None` when it cannot be read.
    pub id: Option<String>,
    /// The time when Stripe created it, in Unix seconds; `None` when that cannot be read.
    pub created: Option<i64>,
    /// The event, byte for byte as Stripe listed it.
    pub body: String,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    has_more: bool,
}

/// The fields needed to page through a list, each read for itself.
#[derive(Default, Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
}

impl Stripe {
    /// One page of the events that match `query`, newest first.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it; [`StripeError::is_missing`] when Stripe no
    /// longer has the event of [`EventQuery::after`].
    pub async fn events(&self, query: EventQuery<'_>) -> Result<EventPage, StripeError> {
        let created = RangeBoundsTs {
            gte: Some(query.from),
            lt: Some(query.until),
            ..RangeBoundsTs::default()
        };
        let mut request = ListEvent::new()
            .created(RangeQueryTs::Bounds(created))
            .limit(query.limit);
        if !query.kinds.is_empty() {
            let kinds = query.kinds.iter().map(|kind| (*kind).to_owned());
            request = request.types(kinds.collect::<Vec<_>>());
        }
        if let Some(after) = query.after {
            request = request.starting_after(after);
        }
        let answer = self.call(&request.build(), None).await?;
        // The builder's own type is Stripe's whole model, and loses the bytes.
        let page: Page<'_> = serde_json::from_slice(&answer)
            .map_err(|error| StripeError::Undecodable(error.to_string()))?;
        Ok(EventPage {
            events: page.data.into_iter().map(listed).collect(),
            has_more: page.has_more,
        })
    }
}

fn listed(event: &RawValue) -> ListedEvent {
    let head: Head<'_> = serde_json::from_str(event.get()).unwrap_or_default();
    let id: Option<String> = head.id.and_then(|id| serde_json::from_str(id.get()).ok());
    ListedEvent {
        id: id.filter(|id| is_id(id)),
        created: head
            .created
            .and_then(|created| serde_json::from_str(created.get()).ok()),
        body: event.get().to_owned(),
    }
}
