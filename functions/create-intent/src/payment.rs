//! How an order gets its one payment intent, and how that follows the order.
//!
//! The order is in the ledger before Stripe is called, and the intent is noted in the ledger before
//! the browser hears of it. So an intent that nobody answered for was never paid by anyone, and
//! whoever comes next finds the same intent: by the ledger, or by the idempotency key, which is made
//! of the order's first contents. When the order changes, the ledger changes first and the intent
//! follows, until both are found alike.

use shared::{
    Error,
    customers::Customers,
    order::{Order, Status},
    stripe::PaymentIntent,
};

use crate::App;

/// How often an order may change under our hands before the caller is asked to try again.
const MOST_ROUNDS: usize = 4;

impl App {
    /// The intent of `order`, made for what the order offers now; and the order as it then is.
    pub(crate) async fn payment_of(
        &self,
        mut order: Order,
        is_customer: bool,
    ) -> Result<(Order, PaymentIntent), Error> {
        for _ in 0..MOST_ROUNDS {
            check_open(&order)?;
            let intent = self.intent_of(&order, is_customer).await?;
            let (latest, intent) = self.up_to_date(intent, &order).await?;
            if intent.contents() == Some(&latest.revision().digest)
                && latest.changes() == order.changes()
                && latest.intent() == Some(&intent.id)
            {
                check_open(&latest)?;
                let intent = intent.for_order(&latest)?;
                return Ok((latest, intent));
            }
            order = latest;
        }
        Err(Error::InProgress)
    }

    /// The intent that the ledger notes for `order`; made, and noted, where there is none.
    async fn intent_of(&self, order: &Order, is_customer: bool) -> Result<PaymentIntent, Error> {
        if let Some(id) = order.intent() {
            return Ok(self.stripe.retrieve_intent(id).await?);
        }
        let made = self.made_intent(order, is_customer).await?;
        let now = self.clock.now();
        let noted = self.ledger.attach_intent(order.id(), &made.id, now).await?;
        match noted.as_ref().and_then(Order::intent) {
            Some(id) if id == made.id => Ok(made),
            // Stripe has forgotten the key since another process noted its intent.
            Some(id) => Ok(self.stripe.retrieve_intent(id).await?),
            None => Err(Error::NotFound),
        }
    }

    /// A new intent of `order`, as a payment of its owner's Stripe customer where they are to be one.
    /// The intent that an order has keeps what it was made with.
    async fn made_intent(&self, order: &Order, is_customer: bool) -> Result<PaymentIntent, Error> {
        if !is_customer {
            return Ok(self.stripe.create_intent(order, None).await?);
        }
        let customers = Customers {
            stripe: &self.stripe,
            ledger: &self.ledger,
            clock: &self.clock,
        };
        let customer = customers.of(order.owner()).await?;
        match self.stripe.create_intent(order, Some(customer.id())).await {
            Err(failure) if failure.is_about_a_missing_customer() => {
                let customer = customers.instead_of(order.owner(), &customer).await?;
                let made = self.stripe.create_intent(order, Some(customer.id()));
                Ok(made.await?)
            }
            made => Ok(made?),
        }
    }

    /// The order as it is now, and `intent`, changed to it where that was made for something else.
    async fn up_to_date(
        &self,
        intent: PaymentIntent,
        order: &Order,
    ) -> Result<(Order, PaymentIntent), Error> {
        let latest = self.latest(order).await?;
        let is_current = intent.contents() == Some(&latest.revision().digest);
        match intent.status.as_str() {
            "succeeded" => return Err(Error::AlreadyPaid),
            "canceled" => return Err(Error::OrderCanceled),
            "processing" | "requires_capture" if !is_current => {
                return Err(Error::PaymentProcessing);
            }
            // What an older view of the order wants is not written over a newer one.
            _ if is_current || latest.changes() != order.changes() => return Ok((latest, intent)),
            _ => {}
        }
        match self.stripe.update_intent(&intent, &latest).await {
            Ok(updated) => Ok((self.latest(order).await?, updated)),
            // It was paid meanwhile: the next round sees how.
            Err(failure) if failure.is_unexpected_state() => Ok((latest, intent)),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn latest(&self, order: &Order) -> Result<Order, Error> {
        let latest = self.ledger.order(order.id()).await?;
        latest.ok_or(Error::NotFound)
    }
}

/// Whether `order` can still be paid.
fn check_open(order: &Order) -> Result<(), Error> {
    match order.status() {
        Status::Created | Status::RequiresAction | Status::Processing | Status::Failed => Ok(()),
        Status::Canceled => Err(Error::OrderCanceled),
        _ => Err(Error::AlreadyPaid),
    }
}
