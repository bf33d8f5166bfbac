//! Events: the decision of `accept`, done in one transaction.

use super::{AcceptOutcome, Store, StoreError, accept::Incoming, backend::operations};
use crate::event::Event;

operations! {
    /// The operation on events.
    trait Events {
        /// Claims the event's id, updates its order and appends to the outbox, in one transaction.
        async fn process(
            &self,
            incoming: Incoming,
            now: i64,
        ) -> Result<AcceptOutcome, StoreError>;
    }
}

impl Store {
    /// Processes an event once: claims its id, updates its order and appends to the outbox.
    ///
    /// All of it is one transaction. An event of another deployment's object changes nothing. No
    /// event is forwarded that Stripe did not send.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; it wrote all or nothing, and Stripe may
    /// deliver the event again.
    pub async fn accept(&self, event: Event, now: i64) -> Result<AcceptOutcome, StoreError> {
        let is_forwarded = event.is_from_stripe() && self.forwarded_events.include(&event.kind);
        self.process(self.incoming(event, is_forwarded)?, now).await
    }

    fn incoming(&self, event: Event, is_forwarded: bool) -> Result<Incoming, StoreError> {
        let deployment = self.deployment()?.clone();
        Ok(Incoming {
            event,
            deployment,
            is_forwarded,
        })
    }
}
