//! The order of a refund: the one that the request names, or that of an invoice.
//!
//! An invoice of a subscription has an order from its first refund on, so that the reservations,
//! the daily limits and the idempotency keys of orders serve invoices. The first invoice of a
//! subscription from Checkout is that of the order that began it, by either id.

use shared::{
    App, Error,
    access::{Authorized, CreateRefund, Reached},
    cause::causes,
    event::Refund,
    order::Order,
    processor::EventProcessor,
    stripe::Stripe,
    subscriptions::Reversal,
};

/// The longest id that Stripe has.
const LONGEST: usize = 255;

/// The object of a refund.
#[derive(Debug)]
pub(crate) enum Target {
    /// The order with this id, as the request has it.
    Order(String),
    /// The invoice with this id, `in_…`.
    Invoice(String),
}

impl Target {
    /// Reads the fields `orderId` and `invoice` of a request.
    pub(crate) fn new(order: Option<String>, invoice: Option<String>) -> Result<Self, Error> {
        match (order, invoice) {
            (Some(order), None) => Ok(Self::Order(order)),
            (None, Some(invoice)) if is_invoice(&invoice) => Ok(Self::Invoice(invoice)),
            (None, Some(_)) => Err(Error::invalid(
                "`invoice` must be the id of an invoice, `in_…`",
            )),
            (Some(_), Some(_)) => Err(Error::invalid("send either `orderId` or `invoice`")),
            (None, None) => Err(Error::invalid("`orderId` or `invoice` is missing")),
        }
    }

    /// The order, and the permission of `caller` that reaches it. Nothing is told of an invoice, or
    /// written about it, before the permission reaches it.
    pub(crate) async fn reach(
        &self,
        caller: Authorized<CreateRefund>,
        app: &App,
        stripe: &Stripe,
    ) -> Result<(Reached<CreateRefund>, Order), Error> {
        match self {
            Self::Order(id) => {
                let (caller, order) = caller.reach_order(id, &app.store).await?;
                Ok((caller, with_intent(order, app).await?))
            }
            Self::Invoice(id) => {
                let processor = EventProcessor {
                    stripe: stripe.clone(),
                    subscriptions: app.subscriptions.over(stripe.clone()),
                    ..app.processor.clone()
                };
                let found = processor.find_invoice(id).await?;
                let owner = found.as_ref().map(|found| found.owner());
                let caller = caller.reach(owner, id)?;
                let order = processor.order_of_invoice(found.ok_or(Error::NotFound)?);
                Ok((caller, order.await?))
            }
        }
    }
}

/// The invoice that an order stands for.
#[derive(Debug)]
pub(crate) struct InvoiceOf {
    invoice: String,
    subscription: String,
}

impl InvoiceOf {
    /// The invoice that `order` stands for; `None` for an order that a caller placed.
    pub(crate) fn of(order: &Order) -> Option<Self> {
        Some(Self {
            invoice: order.invoice()?.to_owned(),
            subscription: order.subscription()?.to_owned(),
        })
    }

    /// Notifies the site of `refund`. The refund's event does the same, so that the request does
    /// not fail where this does.
    pub(crate) async fn report(&self, refund: &Refund, app: &App, stripe: &Stripe) {
        let service = app.subscriptions.over(stripe.clone());
        let reversal = Reversal::Refund(refund);
        let reported = service.report_reversal_of(&self.invoice, &self.subscription, reversal);
        if let Err(failure) = reported.await {
            tracing::warn!(
                refund.id,
                cause = causes(&failure),
                "Farebox cannot notify the site of a refund yet, and waits for its event"
            );
        }
    }
}

/// True for an id that is safe in a path.
fn is_invoice(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let rest = text.strip_prefix("in_");
    text.len() <= LONGEST && rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_part))
}

/// `order` with its payment intent. A subscription's order has it by the invoice, which may have
/// been unreadable when it was paid.
async fn with_intent(order: Order, app: &App) -> Result<Order, Error> {
    let order = app.processor.with_intent(order).await?;
    if order.lacks_intent() {
        tracing::error!(
            order.id = order.id().as_str(),
            "Farebox cannot refund a subscription's first invoice: let Stripe's key read invoices"
        );
        return Err(Error::RefundRefused);
    }
    Ok(order)
}
