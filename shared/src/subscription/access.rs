//! What a caller may use: the one answer to "may this user do that?".
//!
//! A shop that defines features at Stripe gets Stripe's entitlements; another gets the lookup keys
//! of the prices, and the ids of the products, in live subscriptions. A subscription is live while
//! it is `active` or `trialing`, and `past_due` within the grace. Without a live subscription
//! nothing may be used, whatever Stripe's list says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use super::{Subscription, has_ended};

/// The most subscriptions of a caller that are listed, the latest first; those that are not over
/// always are.
const LISTED: usize = 50;

/// The time for which a missing payment takes no access, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace(i64);

impl Default for Grace {
    fn default() -> Self {
        Self(7 * 24 * 60 * 60)
    }
}

impl Grace {
    /// The longest.
    const MAX_DAYS: i64 = 365;

    /// Reads days, from `0` to `365`, such as `7` or `7d`.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let days = text.strip_suffix('d').unwrap_or(text).parse::<i64>();
        let days = days.ok().filter(|days| (0..=Self::MAX_DAYS).contains(days));
        let days = days.ok_or("must be a number of days from 0 to 365, such as 7")?;
        Ok(Self(days * 24 * 60 * 60))
    }

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Grace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} days", self.0 / (24 * 60 * 60))
    }
}

/// A caller's subscriptions in short, and their entitlements at Stripe: one read by key answers
/// what they may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingAccount {
    /// The entitlements of each of the caller's customers, `cus_…`: lookup keys of features.
    #[serde(default)]
    pub entitlements: BTreeMap<String, BTreeSet<String>>,
    /// True when the shop defines features at Stripe.
    #[serde(default)]
    pub has_features: bool,
    /// The subscriptions, the latest first.
    #[serde(default)]
    pub subscriptions: Vec<Held>,
    /// The grace that ends next; `None` while time alone changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<RunningGrace>,
}

/// A grace within which a payment is missing: its end may take access, and Stripe reports nothing
/// at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningGrace {
    /// The time of its end, in Unix seconds.
    pub ends_at: i64,
    /// What the caller may use until then.
    entitlements: BTreeSet<String>,
}

/// What a caller may use at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access<'a> {
    /// True when a subscription is live.
    pub is_active: bool,
    /// Keys in alphabetical order.
    pub entitlements: BTreeSet<&'a str>,
}

/// A subscription of a caller, as far as it decides about access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// `sub_…`
    pub id: String,
    customer: String,
    status: String,
    created: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    past_due_since: Option<i64>,
    /// The lookup keys of its prices, and the ids of its products.
    keys: BTreeSet<String>,
    /// The ids of its products.
    products: BTreeSet<String>,
}

/// The entitlements that Stripe listed for a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FetchedEntitlements {
    /// The lookup keys of the features.
    pub keys: BTreeSet<String>,
    /// True when the shop defines features.
    pub has_features: bool,
}

impl Held {
    fn of(subscription: &Subscription) -> Self {
        let items = &subscription.items;
        let products = items.iter().map(|item| item.product.clone());
        let products: BTreeSet<String> = products.collect();
        let lookup_keys = items.iter().filter_map(|item| item.lookup_key.clone());
        Self {
            id: subscription.id.clone(),
            customer: subscription.customer.clone(),
            status: subscription.status.clone(),
            created: subscription.created,
            past_due_since: subscription.past_due_since,
            keys: lookup_keys.chain(products.iter().cloned()).collect(),
            products,
        }
    }

    /// True when it is over for good.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        has_ended(&self.status)
    }

    /// True when it gives access at `now` (Unix seconds).
    #[must_use]
    pub fn is_live(&self, now: i64, grace: Grace) -> bool {
        matches!(self.status.as_str(), "active" | "trialing")
            || self.grace_ends_at(grace).is_some_and(|end| now < end)
    }

    /// The end of the grace, in Unix seconds, while a payment is missing.
    fn grace_ends_at(&self, grace: Grace) -> Option<i64> {
        let since = self.past_due_since.filter(|_| self.status == "past_due");
        since.map(|since| since.saturating_add(grace.0))
    }

    /// True when it has `product`, and is not over: a second one would be charged beside it.
    #[must_use]
    pub fn occupies(&self, product: &str) -> bool {
        !self.has_ended() && self.products.contains(product)
    }
}

impl BillingAccount {
    /// The same with the present copy of a subscription, and the entitlements of its customer.
    #[must_use]
    pub fn with(mut self, subscription: &Subscription, entitlements: FetchedEntitlements) -> Self {
        self.subscriptions.retain(|held| held.id != subscription.id);
        self.subscriptions.push(Held::of(subscription));
        self.subscriptions
            .sort_by(|a, b| (b.created, &b.id).cmp(&(a.created, &a.id)));
        let mut listed = 0;
        self.subscriptions.retain(|held| {
            listed += 1;
            listed <= LISTED || !held.has_ended()
        });
        self.with_entitlements(&subscription.customer, entitlements)
    }

    /// The same with the present entitlements of `customer`.
    #[must_use]
    pub fn with_entitlements(mut self, customer: &str, fetched: FetchedEntitlements) -> Self {
        self.has_features = fetched.has_features;
        match fetched.keys.is_empty() {
            true => self.entitlements.remove(customer),
            false => self.entitlements.insert(customer.to_owned(), fetched.keys),
        };
        self
    }

    /// What the caller may use at `now` (Unix seconds).
    #[must_use]
    pub fn access(&self, now: i64, grace: Grace) -> Access<'_> {
        let live = self.live(now, grace);
        let entitlements = match self.has_features {
            true => live
                .filter_map(|held| self.entitlements.get(&held.customer))
                .flatten()
                .map(String::as_str)
                .collect(),
            false => live
                .flat_map(|held| &held.keys)
                .map(String::as_str)
                .collect(),
        };
        Access {
            is_active: self.live(now, grace).next().is_some(),
            entitlements,
        }
    }

    /// What the caller may use as the site knows it: by the last write, whatever ended since.
    #[must_use]
    pub fn known_access(&self, now: i64, grace: Grace) -> Access<'_> {
        match &self.grace {
            // Until its end, a subscription is live.
            Some(running) => Access {
                is_active: true,
                entitlements: running.entitlements.iter().map(String::as_str).collect(),
            },
            None => self.access(now, grace),
        }
    }

    /// The same with the grace that ends next after `now` (Unix seconds).
    #[must_use]
    pub fn with_grace(mut self, now: i64, grace: Grace) -> Self {
        let held = self.subscriptions.iter();
        let ends = held.filter_map(|held| held.grace_ends_at(grace));
        let next = ends.filter(|end| *end > now).min();
        let running = next.map(|ends_at| {
            let entitlements = self.access(now, grace).entitlements.into_iter();
            RunningGrace {
                ends_at,
                entitlements: entitlements.map(str::to_owned).collect(),
            }
        });
        self.grace = running;
        self
    }

    fn live(&self, now: i64, grace: Grace) -> impl Iterator<Item = &Held> {
        let held = self.subscriptions.iter();
        held.filter(move |held| held.is_live(now, grace))
    }
}
