//! The fields of Stripe's objects that a copy is made of.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{INVOICES, Invoice, Item, Pause, Period, Subscription};
use crate::{deployment::Deployment, event::Payer, ids::CallerId};

/// A subscription (<https://docs.stripe.com/api/subscriptions/object>), with its products and its
/// customer expanded.
#[derive(Clone, Debug, Deserialize)]
pub struct StripeSubscription {
    /// `sub_…`
    pub id: String,
    /// The customer.
    pub customer: Expandable<StripeCustomer>,
    status: String,
    currency: String,
    /// Its items; the list may have further pages.
    pub items: List<StripeItem>,
    cancel_at: Option<i64>,
    #[serde(default)]
    cancel_at_period_end: bool,
    trial_end: Option<i64>,
    pause_collection: Option<StripePause>,
    created: i64,
    ended_at: Option<i64>,
    latest_invoice: Option<Expandable<Named>>,
    schedule: Option<Expandable<Named>>,
    /// The metadata.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// An object by its id, or expanded.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Expandable<T> {
    /// Its id.
    Id(String),
    /// The object.
    Object(T),
}

/// An object of which only the id counts.
#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    id: String,
}

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub struct List<T> {
    /// The entries.
    pub data: Vec<T>,
    /// True when more follow.
    #[serde(default)]
    pub has_more: bool,
}

/// A customer, as far as it tells who pays. Its `Debug` shows nothing of that.
#[derive(Clone, Debug, Deserialize)]
pub struct StripeCustomer {
    id: String,
    #[serde(flatten)]
    payer: Payer,
}

/// An item of a subscription.
#[derive(Clone, Debug, Deserialize)]
pub struct StripeItem {
    /// `si_…`
    pub id: String,
    price: StripePrice,
    quantity: Option<i64>,
    current_period_start: Option<i64>,
    current_period_end: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
struct StripePrice {
    id: String,
    lookup_key: Option<String>,
    product: Expandable<StripeProduct>,
    unit_amount: Option<i64>,
    recurring: Option<Recurring>,
}

#[derive(Clone, Debug, Deserialize)]
struct StripeProduct {
    id: String,
    name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Recurring {
    interval: String,
    interval_count: Option<i64>,
}

#[derive(Clone, Debug, Deserialize)]
struct StripePause {
    behavior: String,
    resumes_at: Option<i64>,
}

/// An invoice (<https://docs.stripe.com/api/invoices/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct StripeInvoice {
    id: String,
    status: Option<String>,
    billing_reason: Option<String>,
    #[serde(default)]
    amount_due: i64,
    #[serde(default)]
    amount_paid: i64,
    currency: String,
    created: i64,
    status_transitions: Option<Transitions>,
    hosted_invoice_url: Option<String>,
    next_payment_attempt: Option<i64>,
    #[serde(default)]
    attempt_count: i64,
}

#[derive(Clone, Debug, Deserialize)]
struct Transitions {
    finalized_at: Option<i64>,
}

/// A feature that a customer may use
/// (<https://docs.stripe.com/api/entitlements/active-entitlement/object>).
#[derive(Clone, Debug, Deserialize)]
pub struct ActiveEntitlement {
    /// The feature's lookup key.
    pub lookup_key: String,
}

/// A subscription with all that its copy needs, as it was at one moment.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The subscription, with all of its items.
    pub subscription: StripeSubscription,
    /// Its latest invoices, the latest first.
    pub invoices: Vec<StripeInvoice>,
    /// The time since which its oldest open invoice is unpaid, in Unix seconds.
    pub unpaid_since: Option<i64>,
}

impl<T> Expandable<T> {
    /// The id, by that of the object.
    fn id<'a>(&'a self, of: impl Fn(&'a T) -> &'a str) -> &'a str {
        match self {
            Self::Id(id) => id,
            Self::Object(object) => of(object),
        }
    }
}

impl Expandable<Named> {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.id(|object| &object.id)
    }
}

impl StripeSubscription {
    /// `cus_…`
    #[must_use]
    pub fn customer_id(&self) -> &str {
        self.customer.id(|customer| &customer.id)
    }

    /// Stripe's status.
    #[must_use]
    pub fn status(&self) -> &str {
        &self.status
    }

    /// Who pays, where the customer is expanded.
    #[must_use]
    pub fn payer(&self) -> Option<&Payer> {
        match &self.customer {
            Expandable::Id(_) => None,
            Expandable::Object(customer) => Some(&customer.payer),
        }
    }

    /// The id of the deployment that created it, if one did.
    #[must_use]
    pub fn deployment(&self) -> Option<&str> {
        self.metadata.get(Deployment::KEY).map(String::as_str)
    }
}

impl StripeInvoice {
    /// True when it waits for money.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status.as_deref() == Some("open")
    }

    /// The time since which it can be paid, in Unix seconds.
    #[must_use]
    pub fn payable_since(&self) -> i64 {
        let transitions = self.status_transitions.as_ref();
        let finalized = transitions.and_then(|transitions| transitions.finalized_at);
        finalized.unwrap_or(self.created)
    }
}

impl Fetched {
    /// The copy for `owner`.
    #[must_use]
    pub fn copy(&self, owner: CallerId) -> Subscription {
        let of = &self.subscription;
        let invoices = self.invoices.iter().take(INVOICES);
        Subscription {
            id: of.id.clone(),
            owner,
            customer: of.customer_id().to_owned(),
            status: of.status.clone(),
            items: of.items.data.iter().map(StripeItem::copy).collect(),
            currency: of.currency.clone(),
            period: period(&of.items.data),
            cancel_at: of.cancel_at,
            cancel_at_period_end: of.cancel_at_period_end,
            trial_end: of.trial_end,
            pause: of.pause_collection.as_ref().map(|pause| Pause {
                behavior: pause.behavior.clone(),
                resumes_at: pause.resumes_at,
            }),
            created: of.created,
            ended_at: of.ended_at,
            past_due_since: self.unpaid_since.filter(|_| of.status == "past_due"),
            latest_invoice: id_in(of.latest_invoice.as_ref()),
            invoices: invoices.map(StripeInvoice::copy).collect(),
            schedule: id_in(of.schedule.as_ref()),
            announced_period: None,
            trial_ending_notified: None,
        }
    }
}

fn id_in(named: Option<&Expandable<Named>>) -> Option<String> {
    named.map(|named| named.as_str().to_owned())
}

/// The period in which all items are: they may end at different times.
fn period(items: &[StripeItem]) -> Option<Period> {
    let start = items.iter().filter_map(|item| item.current_period_start);
    let end = items.iter().filter_map(|item| item.current_period_end);
    Some(Period {
        start: start.max()?,
        end: end.min()?,
    })
}

impl StripeItem {
    fn copy(&self) -> Item {
        let price = &self.price;
        let product = &price.product;
        let recurring = price.recurring.as_ref();
        Item {
            id: self.id.clone(),
            price: price.id.clone(),
            lookup_key: price.lookup_key.clone(),
            product: product.id(|product| &product.id).to_owned(),
            product_name: match product {
                Expandable::Id(_) => None,
                Expandable::Object(product) => product.name.clone(),
            },
            quantity: self.quantity,
            unit_amount: price.unit_amount,
            interval: recurring.map(|recurring| recurring.interval.clone()),
            interval_count: recurring.and_then(|recurring| recurring.interval_count),
        }
    }
}

impl StripeInvoice {
    fn copy(&self) -> Invoice {
        let transitions = self.status_transitions.as_ref();
        Invoice {
            id: self.id.clone(),
            status: self.status.clone().unwrap_or_else(|| "draft".to_owned()),
            billing_reason: self.billing_reason.clone(),
            amount_due: self.amount_due,
            amount_paid: self.amount_paid,
            currency: self.currency.clone(),
            created: self.created,
            finalized_at: transitions.and_then(|transitions| transitions.finalized_at),
            hosted_url: self.hosted_invoice_url.clone(),
            next_attempt: self.next_payment_attempt,
            attempts: self.attempt_count,
            action_required_at: None,
        }
    }
}
