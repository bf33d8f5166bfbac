//! Orders of items that Farebox prices: a new one, a changed one, or that of an earlier request.

use std::collections::BTreeMap;

use super::{
    CheckoutService, check_open,
    entries::{Item, Wanted, names, wanted},
    opened::order_in,
    pricing::{ItemTerms, asked},
    recurring_items::check_mode,
};
use crate::{
    Error,
    access::{Authorized, CreatePayment},
    amount::Currency,
    ids::CallerId,
    order::{CaptureMethod, Order, OrderId, SignedPayer},
    rate_limit::RateLimiter,
    request::IdempotencyKey,
    store::{IdempotencyRecord, PutOrder, PutOrderOutcome},
};

impl CheckoutService {
    /// The order of `items`, priced on `terms`: a new one, that of an earlier response with
    /// `order_id`, or the one that the same operation created before. That of the guest whom the
    /// payer was until they signed in moves to them.
    pub(super) async fn order_of_items(
        &self,
        payer: &Authorized<CreatePayment>,
        limiter: &RateLimiter,
        key: Option<IdempotencyKey>,
        items: Vec<Item>,
        terms: ItemTerms,
        order_id: Option<String>,
    ) -> Result<Order, Error> {
        let (email, is_customer) = (payer.email()?.cloned(), payer.is_customer());
        let previous_owner = payer.previous()?.cloned();
        let (payer, currency) = (payer.caller(), terms.currency);
        let key = key.ok_or_else(|| Error::invalid("the header `Idempotency-Key` is missing"))?;
        let wanted = wanted(items)?;
        let operation_of = |caller| operation(caller, &key, &wanted, currency);
        let operation = operation_of(payer);
        let changed = order_id.as_deref().map(OrderId::parse).transpose();
        let changed = changed.map_err(|what| Error::invalid(format!("`orderId` {what}")))?;
        let started = started_by(&operation);
        if let Some(replayed) = self.store.replay(&operation).await? {
            let order = order_in(replayed, &started, changed.as_ref())?;
            check_mode(&order.revision().contents, is_customer, terms.may_subscribe)?;
            return Ok(order);
        }
        let begun = match (&changed, &previous_owner) {
            (Some(id), previous) => Some(self.own(payer, previous.as_ref(), id).await?),
            (None, Some(previous)) => self.begun_by(previous, &operation_of(previous)).await?,
            (None, None) => None,
        };
        match &begun {
            None => limiter.admit(payer, &started).await?,
            Some(order) => {
                // Before any call to Stripe.
                check_open(order, self.clock.now())?;
                // Otherwise made-up names, sent for an order of the caller's own, would cost
                // nothing.
                if !self.prices.holds(&names(&wanted), asked(currency)) {
                    limiter.admit(payer, &started).await?;
                }
            }
        }
        let priced = self.priced(&wanted, terms).await?;
        check_mode(&priced, is_customer, terms.may_subscribe)?;
        let capture_method = match priced.is_subscription() {
            // An invoice's payment is captured by Stripe.
            true => CaptureMethod::Automatic,
            false => self.terms.capture_method,
        };
        let changed = begun.map(|order| order.id().clone());
        let put = PutOrder {
            must_exist: changed.is_some(),
            order: changed.clone().unwrap_or(started),
            operation: Some(operation),
            owner: payer.clone(),
            previous_owner,
            contents: priced
                .with_payer(SignedPayer {
                    has_receipt: self.sends_receipts && email.is_some(),
                    email: email.map(|email| email.as_str().to_owned()),
                    ..SignedPayer::default()
                })
                .captured(capture_method)
                .expiring_by_default(self.terms.expires_at(self.clock.now())),
        };
        self.opened(put, changed.as_ref()).await
    }

    /// The order that `previous` began by `operation`, while it is theirs.
    async fn begun_by(
        &self,
        previous: &CallerId,
        operation: &IdempotencyRecord,
    ) -> Result<Option<Order>, Error> {
        let begun = self.store.replay(operation).await?;
        Ok(match begun {
            Some(PutOrderOutcome::Order(order)) if order.owner() == previous => Some(*order),
            _ => None,
        })
    }

    /// The order with `id`, unless it is another caller's than the payer's and `previous`.
    async fn own(
        &self,
        payer: &CallerId,
        previous: Option<&CallerId>,
        id: &OrderId,
    ) -> Result<Order, Error> {
        let owners = [Some(payer), previous];
        let order = self.store.order(id).await?;
        let own = order.filter(|order| owners.contains(&Some(order.owner())));
        own.ok_or_else(|| {
            tracing::info!(caller = payer.alias(), order.id = %id,
                "the caller does not own the order");
            Error::NotFound
        })
    }
}

fn operation(
    payer: &CallerId,
    key: &IdempotencyKey,
    wanted: &BTreeMap<String, Wanted>,
    currency: Option<Currency>,
) -> IdempotencyRecord {
    let entries = wanted
        .iter()
        .map(|(price, Wanted { quantity, .. })| match quantity {
            Some(quantity) => format!("{quantity} {price}"),
            None => format!("metered {price}"),
        });
    let currency = currency.map(|currency| format!("in {currency}"));
    let entries: Vec<String> = std::iter::once("items".to_owned())
        .chain(currency)
        .chain(entries)
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    IdempotencyRecord::new(payer, key.as_str(), &entries)
}

/// The id of the order that `operation` creates, and under which its start counts. It is a hash of
/// the request as well. Another request under the same key is refused once an order exists, and
/// until then is another start.
fn started_by(operation: &IdempotencyRecord) -> OrderId {
    OrderId::of_operation(&format!("{} {}", operation.key, operation.digest))
}
