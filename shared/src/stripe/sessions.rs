//! Checkout Sessions, each for one version of an order.

use std::collections::HashMap;

use stripe::StripeRequest as _;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAdaptivePricing, CreateCheckoutSessionLineItems,
    CreateCheckoutSessionLineItemsPriceData, CreateCheckoutSessionPaymentIntentData,
    ExpireCheckoutSession, ProductData, RetrieveCheckoutSession,
};
use stripe_types::Currency;

use super::{Redacted, Stripe, StripeError, intents::description, keys::one_call};
use crate::{
    digest,
    order::{IntentKeys, Order, OrderDetails, OrderId, Session},
    return_url::ReturnUrl,
};

/// The longest name of a product that Stripe shows.
const LONGEST_NAME: usize = 250;

/// The fields of a Checkout Session that Farebox uses.
#[derive(Clone, Debug, miniserde::Deserialize)]
pub struct CheckoutPage {
    /// `cs_…`
    pub id: String,
    /// Its URL while it is open; anyone who has it can pay there.
    pub url: Option<Redacted>,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: String,
    /// `pi_…`; `None` before the first attempt to pay.
    pub payment_intent: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    metadata: Option<HashMap<String, String>>,
}

/// The URLs for the payer after paying, and after turning back.
#[derive(Clone, Debug)]
pub struct Returns {
    success: String,
    cancel: String,
}

impl Returns {
    /// These URLs, with the id of the order in their queries.
    #[must_use]
    pub fn new(success: &ReturnUrl, cancel: &ReturnUrl, order: &OrderId) -> Self {
        Self {
            success: success.with_order(order),
            cancel: cancel.with_order(order),
        }
    }

    /// A hash that identifies the URLs.
    #[must_use]
    pub fn digest(&self) -> String {
        digest::hex(&["returns", &self.success, &self.cancel])[..32].to_owned()
    }
}

impl CheckoutPage {
    /// The order's record of this session, which was created for the present contents of `order`.
    #[must_use]
    pub fn stored(&self, order: &Order, returns: &Returns) -> Session {
        Session {
            id: self.id.clone(),
            contents: order.revision().digest.clone(),
            returns: returns.digest(),
        }
    }

    /// This session, if it matches the present contents of `order`.
    ///
    /// # Errors
    ///
    /// [`StripeError::Differs`] names the difference.
    pub fn for_order(self, order: &Order) -> Result<Self, StripeError> {
        let amount = order.revision().contents.amount();
        let written = self.metadata.as_ref();
        let written = |key| written.and_then(|all| all.get(key)).map(String::as_str);
        let what = match () {
            () if self.amount_total != Some(amount.minor_units()) => "amount",
            () if self.currency.as_deref() != Some(amount.currency().as_str()) => "currency",
            () if written(IntentKeys::ORDER) != Some(order.id().as_str()) => "order",
            () if written(IntentKeys::CONTENTS) != Some(&order.revision().digest) => "contents",
            () => return Ok(self),
        };
        Err(StripeError::Differs(what))
    }
}

impl Stripe {
    /// Creates the Checkout Session of `order` for its present contents, for the Stripe `customer`
    /// if there is one.
    ///
    /// Calls for the same order, its same version, the same `returns` and the same customer create
    /// the same session, until it is closed.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; Stripe may have created a session all the same, and the next call finds it.
    pub async fn create_page(
        &self,
        order: &Order,
        returns: &Returns,
        customer: Option<&str>,
    ) -> Result<CheckoutPage, StripeError> {
        let revision = order.revision();
        let number = order.attempt_number().to_string();
        let returning = returns.digest();
        let mut key = vec![
            "checkout",
            order.id().as_str(),
            order.owner().as_str(),
            &revision.digest,
            &number,
            &returning,
        ];
        key.extend(customer);
        let mut written = self.metadata(order, revision)?;
        written.insert(IntentKeys::PAGE.to_owned(), number.clone());
        let mut payment = CreateCheckoutSessionPaymentIntentData::new();
        payment.description = Some(description(order, revision));
        payment.metadata = Some(written.clone());
        // Otherwise Stripe lets payers pay in a currency of their own, which the order does not
        // have.
        let mut one_currency = CreateCheckoutSessionAdaptivePricing::new();
        one_currency.enabled = Some(false);
        let mut page = CreateCheckoutSession::new()
            .mode(stripe_checkout::CheckoutSessionMode::Payment)
            .adaptive_pricing(one_currency)
            .currency(revision.contents.amount().currency())
            // Unlike metadata, it cannot be edited.
            .client_reference_id(format!("{}{}", IntentKeys::REFERENCE, order.id()))
            .line_items(lines(order, &revision.contents))
            .success_url(&returns.success)
            .cancel_url(&returns.cancel)
            .metadata(written)
            .payment_intent_data(payment);
        if let Some(customer) = customer {
            page = page.customer(customer);
        }
        let made: CheckoutPage = self.make(page.build(), &key).await?;
        made.for_order(order)
    }

    /// The Checkout Session with `id`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn retrieve_page(&self, id: &str) -> Result<CheckoutPage, StripeError> {
        let request = RetrieveCheckoutSession::new(id).build();
        request.customize().send(self).await
    }

    /// Expires the Checkout Session with `id`, for good.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::Refused`], about the request, when it is no longer open.
    pub async fn expire_page(&self, id: &str) -> Result<CheckoutPage, StripeError> {
        let expire = ExpireCheckoutSession::new(id);
        self.make(expire.build(), &["expire", id, &one_call()])
            .await
    }
}

/// The line items of the session: the priced lines, or a signed amount as one line.
fn lines(order: &Order, contents: &OrderDetails) -> Vec<CreateCheckoutSessionLineItems> {
    if contents.lines().is_empty() {
        let amount = contents.amount();
        let currency: Currency = amount.currency().into();
        let name = contents.description();
        let name = name.map_or_else(|| format!("Order {}", order.id()), str::to_owned);
        let name: String = name.chars().take(LONGEST_NAME).collect();
        let mut price = CreateCheckoutSessionLineItemsPriceData::new(currency);
        price.product_data = Some(ProductData::new(name));
        price.unit_amount = Some(amount.minor_units());
        let mut line = CreateCheckoutSessionLineItems::new();
        line.price_data = Some(price);
        line.quantity = Some(1);
        return vec![line];
    }
    let lines = contents.lines().iter().map(|one| {
        let mut line = CreateCheckoutSessionLineItems::new();
        line.price = Some(one.price.clone());
        line.quantity = Some(u64::from(one.quantity));
        line
    });
    lines.collect()
}
