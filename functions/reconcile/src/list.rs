//! The lists of events that a run goes through. Stripe filters a list by twenty types at most, so
//! the types of subscriptions have a list, and a cursor, of their own.

use shared::{
    event::{LISTED, OF_SUBSCRIPTIONS},
    processor::ProcessError,
    store::{RECONCILE, RECONCILE_SUBSCRIPTIONS},
};

use crate::ReconcileError;

/// One list of Stripe's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventList {
    /// The name of its cursor.
    pub(crate) cursor: &'static str,
    /// The event types on it; empty for all.
    pub(crate) kinds: &'static [&'static str],
    /// True when its events only say to fetch a subscription again.
    pub(crate) is_of_subscriptions: bool,
}

impl EventList {
    /// All types: Stripe cannot filter by the patterns of forwarded types.
    const ALL: Self = Self {
        cursor: RECONCILE,
        kinds: &[],
        is_of_subscriptions: false,
    };
    const OF_SUBSCRIPTIONS: Self = Self {
        cursor: RECONCILE_SUBSCRIPTIONS,
        kinds: &OF_SUBSCRIPTIONS,
        is_of_subscriptions: true,
    };

    /// The lists of a deployment. They contain the types that the webhook receives, so that a run
    /// finds none that it already has.
    pub(crate) fn all(forwards_events: bool) -> Vec<Self> {
        let of_orders = Self {
            kinds: LISTED.as_slice(),
            ..Self::ALL
        };
        match forwards_events {
            true => vec![Self::ALL],
            false => vec![of_orders, Self::OF_SUBSCRIPTIONS],
        }
    }

    /// True when `failure` shows that Stripe's key may not read subscriptions. A shop without
    /// subscriptions needs no such key, though other software on its account may have some.
    pub(crate) fn lacks_permission(self, failure: &ReconcileError) -> bool {
        let is_refused = match failure {
            ReconcileError::Processor(ProcessError::Look(failure)) => failure.is_forbidden(),
            ReconcileError::Processor(ProcessError::Stripe(failure)) => failure.is_forbidden(),
            _ => false,
        };
        self.is_of_subscriptions && is_refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_list_has_more_types_than_stripe_filters_by() {
        for list in EventList::all(false) {
            assert!((1..=20).contains(&list.kinds.len()), "{list:?}");
        }
    }

    #[test]
    fn all_types_are_listed_where_some_are_forwarded() {
        assert_eq!(EventList::all(true), [EventList::ALL]);
    }
}
