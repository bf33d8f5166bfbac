//! The orders of invoices of subscriptions: of the first one, and of those that are refunded.
//!
//! A refund reserves its amount on an order. The first invoice of a subscription from Checkout is
//! that of an order. Any other gets one at its first refund, under an id made of the invoice's.
//!
//! | step | state when the process ends after it |
//! |---|---|
//! | the invoice and its subscription are read | as before |
//! | the order is created, and has the payment intent | later refunds and disputes find it |
//! | the refunds so far are recorded | all of them count, also those from the dashboard |
//!
//! The order has the intent before the refunds are listed. So no refund is missed: an event that
//! came before it is in the list, and a later one finds the order.

use super::{EventProcessor, ProcessError, refresh::fetched};
use crate::{
    Error,
    amount::{Amount, Currency},
    event::{CheckoutSession, Event, Family, InvoiceToRefund, Related, Subject, is_id},
    ids::CallerId,
    order::{IntentKeys, Order, OrderId},
    stripe::StripeInvoice,
};

/// An invoice of a subscription of a caller. Nothing was written about it yet.
#[derive(Debug)]
pub struct FoundInvoice(Found);

#[derive(Debug)]
enum Found {
    /// The order that stands for it.
    Stored(Box<Order>),
    /// The order whose subscription it began.
    First(Box<Order>),
    /// It has no order yet.
    New {
        invoice: Box<StripeInvoice>,
        subscription: String,
        owner: CallerId,
    },
}

impl FoundInvoice {
    /// The caller whose subscription it is.
    #[must_use]
    pub fn owner(&self) -> &CallerId {
        match &self.0 {
            Found::Stored(order) | Found::First(order) => order.owner(),
            Found::New { owner, .. } => owner,
        }
    }
}

impl EventProcessor {
    /// The invoice with `id`, `in_…`; `None` where it is not one of a subscription of a caller of
    /// this deployment.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when Stripe or the database did not answer, [`Error::RefundRefused`]
    /// when Stripe's key may not read invoices.
    pub async fn find_invoice(&self, id: &str) -> Result<Option<FoundInvoice>, Error> {
        let stored = self.store.order(&OrderId::of_invoice(id)).await?;
        if let Some(order) = stored.filter(|order| order.invoice() == Some(id)) {
            return Ok(Some(FoundInvoice(Found::Stored(Box::new(order)))));
        }
        let invoice = match self.stripe.invoice_to_refund(id).await {
            Err(failure) if failure.is_missing() => return Ok(None),
            invoice => invoice.map_err(|failure| to_refund(failure.into()))?,
        };
        let Some(subscription) = invoice.subscription() else {
            return Ok(None);
        };
        let copy = self.subscriptions.known(&subscription).await?.value;
        let is_its = |customer: &str| invoice.customer.as_deref() == Some(customer);
        let Some(copy) = copy.filter(|copy| is_its(&copy.customer)) else {
            return Ok(None);
        };
        let found = match self.begun(id, &subscription).await.map_err(to_refund)? {
            Begun::By(order, _) => Found::First(order),
            // Its order is missing here. It may come back, and one payment has one order.
            Begun::ByUnknown => return Ok(None),
            Begun::ByNone => Found::New {
                invoice: Box::new(invoice),
                subscription,
                owner: copy.owner,
            },
        };
        Ok(Some(FoundInvoice(found)))
    }

    /// The order on which `found` is refunded, with the refunds so far. It is created where there
    /// is none.
    ///
    /// # Errors
    ///
    /// [`Error::InvoiceNotPaid`] and [`Error::InvoiceNotRefundable`] where there is nothing to
    /// refund; [`Error::Unavailable`] when Stripe or the database did not answer.
    pub async fn order_of_invoice(&self, found: FoundInvoice) -> Result<Order, Error> {
        let order = match found.0 {
            Found::Stored(order) => *order,
            Found::First(order) => return self.with_first_payment(*order).await,
            Found::New {
                invoice,
                subscription,
                owner,
            } => {
                let to_refund = self.to_refund(&invoice, subscription, owner).await?;
                self.adopt(to_refund).await?
            }
        };
        let intent = order.intent().unwrap_or_default().to_owned();
        let subject = Subject::Refunds {
            all: self.stripe.refunds(&intent).await?,
            payment_intent: intent,
        };
        let known = fetched(subject, &order, self.clock.now());
        self.accept_payment(known, &mut Vec::new()).await?;
        let latest = self.store.order(order.id()).await?;
        latest.ok_or_else(|| Error::Internal("the order of an invoice is gone".into()))
    }

    /// `order`, which the first payment of its subscription pays, once it is known as paid. The
    /// event of its session may arrive later than a refund of its invoice.
    async fn with_first_payment(&self, order: Order) -> Result<Order, Error> {
        let is_known = order.paid_at().is_some() && !order.lacks_intent();
        let active = order.active_payment().filter(|_| !is_known);
        if let Some(id) = active.map(|active| active.id().to_owned()) {
            let family = Family::Session;
            let session = self.stripe.related(&Related { family, id }).await?;
            let event = fetched(session, &order, self.clock.now());
            self.accept_payment(event, &mut Vec::new()).await?;
        }
        let latest = self.store.order(order.id()).await?;
        let paid = latest.filter(|order| order.paid_amount().is_some_and(|paid| !paid.is_zero()));
        match paid {
            // Its invoice named no payment intent.
            Some(order) if order.lacks_intent() => Err(Error::InvoiceNotRefundable),
            Some(order) => Ok(order),
            None => Err(Error::InvoiceNotPaid),
        }
    }

    /// `invoice` with its payment, which alone paid it and nothing else.
    async fn to_refund(
        &self,
        invoice: &StripeInvoice,
        subscription: String,
        owner: CallerId,
    ) -> Result<InvoiceToRefund, Error> {
        if invoice.status.as_deref() != Some("paid") || invoice.amount_paid <= 0 {
            return Err(Error::InvoiceNotPaid);
        }
        let Some((id, paid)) = invoice.only_payment().filter(|(id, _)| is_id(id)) else {
            return Err(Error::InvoiceNotRefundable);
        };
        let (family, id) = (Family::Intent, id.to_owned());
        let Subject::Intent(intent) = self.stripe.related(&Related { family, id }).await? else {
            return Err(Error::InvoiceNotRefundable);
        };
        let is_its_alone = intent.status == "succeeded" && intent.amount_received == Some(paid);
        let currency = Currency::parse(&intent.currency);
        match currency.ok().filter(|_| is_its_alone && paid > 0) {
            Some(currency) => Ok(InvoiceToRefund {
                order: OrderId::of_invoice(&invoice.id).to_string(),
                id: invoice.id.clone(),
                subscription,
                owner,
                payment_intent: intent.id,
                amount: Amount::reported(paid, currency),
                paid_at: invoice.paid_at().unwrap_or_else(|| self.clock.now()),
            }),
            None => Err(Error::InvoiceNotRefundable),
        }
    }

    /// The order that stands for `invoice`, created where there is none.
    async fn adopt(&self, invoice: InvoiceToRefund) -> Result<Order, Error> {
        let (id, intent) = (invoice.id.clone(), invoice.payment_intent.clone());
        let named = OrderId::of_invoice(&id);
        let event = Event::paid_invoice(invoice, self.clock.now());
        let outcome = self.store.accept(event, self.clock.now()).await?;
        let has_it = outcome.order.unwrap_or(named);
        let order = self.store.order(&has_it).await?;
        // Any other order with this payment is a fault, and no reason to refund it twice.
        let order = order.filter(|order| {
            order.invoice() == Some(id.as_str()) && order.intent() == Some(intent.as_str())
        });
        order.ok_or_else(|| Error::Internal("another order has the invoice's payment".into()))
    }

    /// Processes the Checkout Session that began a subscription, where `intent` paid its first
    /// invoice; adds its messages to `messages`.
    ///
    /// The intent does not name the order, and a refund or dispute of it may arrive before the
    /// event of the session. The session is processed first, so that the report finds its order.
    pub(super) async fn accept_first_invoice(
        &self,
        event: &Event,
        intent: &str,
        messages: &mut Vec<String>,
    ) -> Result<(), ProcessError> {
        if event.account.is_some() {
            return Ok(());
        }
        let paid = self.subscriptions.invoice_of_payment(intent).await?;
        let Some((invoice, subscription)) = paid else {
            return Ok(());
        };
        let begun = match self.begun(&invoice, &subscription).await {
            Err(ProcessError::Stripe(failure)) if failure.is_forbidden() => {
                tracing::warn!(
                    event.id,
                    cause = %failure,
                    "Farebox cannot tell whether an invoice is the first of an order: let Stripe's \
                     key read Checkout Sessions"
                );
                return Ok(());
            }
            begun => begun?,
        };
        if let Begun::By(order, session) = begun {
            let paid = fetched(Subject::Session(session), &order, self.clock.now());
            self.accept_payment(paid, messages).await?;
        }
        Ok(())
    }

    /// The invoice that the order with `id` stands for, and its subscription.
    pub(super) async fn invoice_of(
        &self,
        id: &OrderId,
    ) -> Result<Option<(String, String)>, ProcessError> {
        if !id.may_be_of_invoice() {
            return Ok(None);
        }
        let order = self.store.order(id).await?;
        let names = |order: Order| {
            let invoice = order.invoice()?.to_owned();
            Some((invoice, order.subscription()?.to_owned()))
        };
        Ok(order.and_then(names))
    }

    /// The order whose Checkout Session began the subscription by the invoice with this id.
    async fn begun(&self, invoice: &str, subscription: &str) -> Result<Begun, ProcessError> {
        let session = self.stripe.session_of_subscription(subscription).await?;
        let is_first = |one: &CheckoutSession| one.invoice.as_deref() == Some(invoice);
        let Some(session) = session.filter(is_first) else {
            return Ok(Begun::ByNone);
        };
        let reference = session.client_reference_id.as_deref();
        let named = reference.and_then(|text| text.strip_prefix(IntentKeys::REFERENCE));
        let named = named.or(session.metadata(IntentKeys::ORDER));
        let Some(named) = named else {
            return Ok(Begun::ByNone);
        };
        let order = match OrderId::parse(named) {
            Ok(id) => self.store.order(&id).await?,
            Err(_) => None,
        };
        let session = Box::new(session);
        let subject = Subject::Session(session.clone());
        Ok(match order.filter(|order| order.knows(&subject)) {
            Some(order) => Begun::By(Box::new(order), session),
            None => Begun::ByUnknown,
        })
    }
}

/// The error of a refund for what Stripe or the database did not return.
fn to_refund(failure: ProcessError) -> Error {
    match failure {
        ProcessError::Stripe(failure) if failure.is_forbidden() => {
            tracing::error!(
                cause = %failure,
                "Farebox cannot refund an invoice: let Stripe's key read Invoices and Checkout \
                 Sessions"
            );
            Error::RefundRefused
        }
        failure => failure.into(),
    }
}

/// How a subscription began, as far as one of its invoices tells.
enum Begun {
    /// By the session of this order, and this invoice.
    By(Box<Order>, Box<CheckoutSession>),
    /// By the session of an order that is not in this database, and this invoice.
    ByUnknown,
    /// By no order, or by another invoice.
    ByNone,
}
