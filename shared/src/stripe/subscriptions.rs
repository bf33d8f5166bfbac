//! Fetches subscriptions, with all that a copy needs.
//!
//! The requests are written by hand: their builders are in a crate for the whole of Stripe Billing.

use std::collections::BTreeSet;

use futures_util::future;
use serde::Deserialize;

use super::{Stripe, StripeError};
use crate::{
    event::{InvoiceParent, is_id},
    subscription::{
        INVOICES,
        access::FetchedEntitlements,
        objects::{
            ActiveEntitlement, Fetched, List, StripeInvoice, StripeItem, StripeSubscription,
        },
    },
};

/// The size of a page of items or entitlements, which is Stripe's largest.
const PAGE: usize = 100;

/// A page of subscriptions, the newest first.
#[derive(Clone, Debug)]
pub struct SubscriptionPage {
    /// The ids, `sub_…`, each with its status.
    pub subscriptions: Vec<(String, String)>,
    /// True when more follow.
    pub has_more: bool,
}

#[derive(Deserialize)]
struct InvoicePayment {
    invoice: PaidInvoice,
}

#[derive(Deserialize)]
struct PaidInvoice {
    id: String,
    #[serde(flatten)]
    parent: InvoiceParent,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    status: String,
}

impl Stripe {
    /// The subscription with `id`, as it is now; `with_payer` tells whether to fetch who pays.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn subscription(&self, id: &str, with_payer: bool) -> Result<Fetched, StripeError> {
        let payer = if with_payer { "&expand[]=customer" } else { "" };
        let of = format!("expand[]=items.data.price.product{payer}");
        let subscription = self.get(format!("/subscriptions/{id}"), of);
        let invoices = self.invoices_of(id);
        let (subscription, invoices) = future::try_join(subscription, invoices).await?;
        let mut subscription: StripeSubscription = subscription;
        if subscription.items.has_more {
            subscription.items = self.items_of(id).await?;
        }
        let unpaid_since = match subscription.status() == "past_due" {
            true => self.unpaid_since(id, &invoices).await?,
            false => None,
        };
        Ok(Fetched {
            subscription,
            invoices: invoices.data,
            unpaid_since,
        })
    }

    /// The subscription of the invoice with `id`, `sub_…`; `None` for an invoice of none.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return the invoice.
    pub async fn subscription_of_invoice(&self, id: &str) -> Result<Option<String>, StripeError> {
        let parent: InvoiceParent = self.get(format!("/invoices/{id}"), String::new()).await?;
        Ok(parent.subscription())
    }

    /// The customer of the object of the event with `id`, `cus_…`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return the event.
    pub async fn customer_of_event(&self, id: &str) -> Result<Option<String>, StripeError> {
        let event: SnapshotEvent = self.get(format!("/events/{id}"), String::new()).await?;
        Ok(event.data.object.customer.filter(|id| is_id(id)))
    }

    /// The invoice that `payment_intent` paid, `in_…`, and its subscription, `sub_…`; `None` for a
    /// payment of no subscription.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not tell.
    pub async fn invoice_of_payment(
        &self,
        payment_intent: &str,
    ) -> Result<Option<(String, String)>, StripeError> {
        let query = format!(
            "payment[type]=payment_intent&payment[payment_intent]={payment_intent}&limit=1\
             &expand[]=data.invoice"
        );
        let paid: List<InvoicePayment> = self.get("/invoice_payments".to_owned(), query).await?;
        let invoice = paid.data.into_iter().next().map(|payment| payment.invoice);
        Ok(invoice.and_then(|PaidInvoice { id, parent }| Some((id, parent.subscription()?))))
    }

    /// What `customer` is entitled to. A key that may not read entitlements counts as a shop
    /// without features: no caller then has one.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn entitlements(&self, customer: &str) -> Result<FetchedEntitlements, StripeError> {
        match self.fetch_entitlements(customer).await {
            Err(failure) if failure.is_auth() => {
                tracing::warn!(
                    cause = %failure,
                    "Farebox cannot read entitlements, and uses the lookup keys of prices: let \
                     Stripe's key read Entitlements"
                );
                Ok(FetchedEntitlements::default())
            }
            fetched => fetched,
        }
    }

    /// One page of all subscriptions of the account, those that are over as well, after the one
    /// with the id `after`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn all_subscriptions(
        &self,
        customer: Option<&str>,
        after: Option<&str>,
    ) -> Result<SubscriptionPage, StripeError> {
        let mut query = format!("status=all&limit={PAGE}");
        for (name, value) in [("customer", customer), ("starting_after", after)] {
            if let Some(value) = value {
                query.push_str(&format!("&{name}={value}"));
            }
        }
        let page: List<Listed> = self.get("/subscriptions".to_owned(), query).await?;
        let subscriptions = page.data.into_iter().map(|one| (one.id, one.status));
        Ok(SubscriptionPage {
            subscriptions: subscriptions.collect(),
            has_more: page.has_more,
        })
    }

    async fn fetch_entitlements(&self, customer: &str) -> Result<FetchedEntitlements, StripeError> {
        let mut keys = BTreeSet::new();
        let mut after = String::new();
        loop {
            let query = format!("customer={customer}&limit={PAGE}{after}");
            let path = "/entitlements/active_entitlements".to_owned();
            let page: List<Entitled> = self.get(path, query).await?;
            let last = page.data.last().map(|entitled| entitled.id.clone());
            keys.extend(page.data.into_iter().map(|one| one.entitlement.lookup_key));
            match last.filter(|_| page.has_more) {
                Some(last) => after = format!("&starting_after={last}"),
                None => break,
            }
        }
        let has_features = !keys.is_empty() || self.has_features().await?;
        Ok(FetchedEntitlements { keys, has_features })
    }

    /// True when the shop defines features. Those that it archived count: their former users must
    /// not fall back to the lookup keys of prices.
    async fn has_features(&self) -> Result<bool, StripeError> {
        let path = "/entitlements/features".to_owned();
        let page: List<Anything> = self.get(path, "limit=1".to_owned()).await?;
        Ok(!page.data.is_empty())
    }

    async fn invoices_of(&self, id: &str) -> Result<List<StripeInvoice>, StripeError> {
        let query = format!("subscription={id}&limit={INVOICES}");
        self.get("/invoices".to_owned(), query).await
    }

    async fn items_of(&self, id: &str) -> Result<List<StripeItem>, StripeError> {
        let query = format!("subscription={id}&limit={PAGE}&expand[]=data.price.product");
        self.get("/subscription_items".to_owned(), query).await
    }

    /// The time since which the oldest open invoice is unpaid, in Unix seconds; `known` are the
    /// latest invoices.
    async fn unpaid_since(
        &self,
        id: &str,
        known: &List<StripeInvoice>,
    ) -> Result<Option<i64>, StripeError> {
        let oldest = |list: &List<StripeInvoice>| {
            let open = list.data.iter().filter(|invoice| invoice.is_open());
            open.map(StripeInvoice::payable_since).min()
        };
        if !known.has_more {
            return Ok(oldest(known));
        }
        let query = format!("subscription={id}&status=open&limit={PAGE}");
        let open = self.get("/invoices".to_owned(), query).await?;
        Ok(oldest(&open))
    }
}

#[derive(Deserialize)]
struct Entitled {
    id: String,
    #[serde(flatten)]
    entitlement: ActiveEntitlement,
}

#[derive(Deserialize)]
struct SnapshotEvent {
    data: SnapshotData,
}

#[derive(Deserialize)]
struct SnapshotData {
    object: OfCustomer,
}

#[derive(Deserialize)]
struct OfCustomer {
    customer: Option<String>,
}

/// An object of which only that it exists counts.
#[derive(Deserialize)]
struct Anything {}
