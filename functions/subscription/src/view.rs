//! The response: subscriptions, and what the caller may use.

use serde::Serialize;
use shared::{
    App,
    store::Versioned,
    subscription::{
        BillingAccount, Subscription,
        notification::{AccessData, SubscriptionView},
    },
    subscriptions::Refreshed,
};
use utoipa::ToSchema;

/// A caller's subscriptions, and what they may use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Subscriptions)]
pub struct SubscriptionsView {
    /// The subscriptions, the latest first: all that are not over, and of the others the latest
    /// ones. Absent with `view=access`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    subscriptions: Option<Vec<CheckedSubscription>>,
    /// What the caller may use.
    #[serde(flatten)]
    access: AccessData,
    /// The time as of which `entitlements` and `active` are known to be Stripe's, in Unix seconds:
    /// of the latest event that changed them, or, with `refresh=true`, of this request. `null` for
    /// a caller who never had a subscription.
    #[schema(required)]
    checked_at: Option<i64>,
}

/// A subscription, and the age of its copy.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckedSubscription {
    #[serde(flatten)]
    subscription: SubscriptionView,
    /// The time as of which this is known to be Stripe's, in Unix seconds: of the latest event that
    /// changed it, or, with `refresh=true`, of this request. A look that finds no change is not
    /// stored.
    checked_at: i64,
}

impl CheckedSubscription {
    /// The copy, which is known to be Stripe's as of this time.
    pub(crate) fn of(copy: &Subscription, checked_at: i64) -> Self {
        Self {
            subscription: SubscriptionView::from(copy),
            checked_at,
        }
    }
}

impl SubscriptionsView {
    /// What the caller of `account` may use now.
    pub(crate) fn access(
        account: &Versioned<BillingAccount>,
        refreshed: &Refreshed,
        app: &App,
    ) -> Self {
        let none = BillingAccount::default();
        let known = account.value.as_ref();
        let written_at = known.map(|_| account.written_at);
        let now = app.clock.now();
        Self {
            subscriptions: None,
            access: AccessData::of(known.unwrap_or(&none), now, app.subscriptions.grace),
            checked_at: refreshed.complete_at.max(written_at),
        }
    }

    /// The same with these copies, each with the time of its write.
    pub(crate) fn with(self, mut copies: Vec<(Subscription, i64)>, refreshed: &Refreshed) -> Self {
        copies.sort_by(|(a, _), (b, _)| (b.created, &b.id).cmp(&(a.created, &a.id)));
        let checked = copies.iter().map(|(copy, written_at)| {
            let looked_at = refreshed.looks.get(&copy.id).copied();
            CheckedSubscription::of(copy, looked_at.unwrap_or_default().max(*written_at))
        });
        Self {
            subscriptions: Some(checked.collect()),
            ..self
        }
    }
}
