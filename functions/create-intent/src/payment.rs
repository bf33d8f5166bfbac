//! How an order gets its one payment intent, and how that follows the order.
//!
//! The order is in the ledger before Stripe is called, and the intent is noted in the ledger before
//! the browser hears of it. So an intent that nobody answered for was never paid by anyone, and
//! whoever comes next finds the same intent: by the ledger, or by the idempotency key, which is made
//! of the order's first contents. When the order changes, the ledger changes first and the intent
//! follows, until both are found alike.

use shared::{Error, order::Order, purchase::check_open, stripe::PaymentIntent};

use crate::App;

/// How often an order may change under our hands before the caller is asked to try again.
const MOST_ROUNDS: usize = 4;

impl App {
    /// The intent of `order`, made for what the order offers now; and the order as it then is.
    pub(crate) async fn payment_of(
        &self,
        mut order: Order,
    ) -> Result<(Order, PaymentIntent), Error> {
        for _ in 0..MOST_ROUNDS {
            check_open(&order)?;
            let intent = self.intent_of(&order).await?;
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
    async fn intent_of(&self, order: &Order) -> Result<PaymentIntent, Error> {
        if let Some(id) = order.intent() {
            return Ok(self.till.stripe().retrieve_intent(id).await?);
        }
        let made = self.till.stripe().create_intent(order).await?;
        let now = self.till.clock().now();
        let noted = self
            .till
            .ledger()
            .attach_intent(order.id(), &made.id, now)
            .await?;
        match noted.as_ref().and_then(Order::intent) {
            Some(id) if id == made.id => Ok(made),
            // Stripe has forgotten the key since another process noted its intent.
            Some(id) => Ok(self.till.stripe().retrieve_intent(id).await?),
            None => Err(Error::NotFound),
        }
    }

    /// The order as it is now, and `intent`, changed to it where that was made for something else.
    async fn up_to_date(
        &self,
        intent: PaymentIntent,
        order: &Order,
    ) -> Result<(Order, PaymentIntent), Error> {
        let latest = self.till.latest(order).await?;
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
        match self.till.stripe().update_intent(&intent, &latest).await {
            Ok(updated) => Ok((self.till.latest(order).await?, updated)),
            // It was paid meanwhile: the next round sees how.
            Err(failure) if failure.is_unexpected_state() => Ok((latest, intent)),
            Err(failure) => Err(failure.into()),
        }
    }
}
