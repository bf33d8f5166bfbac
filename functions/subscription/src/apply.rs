//! Carries out a plan at Stripe.
//!
//! Each step has an idempotency key made of the operation. A process that ends between two steps
//! leaves the first one done; the same request goes on from there.

use shared::{
    Error,
    store::IdempotencyRecord,
    stripe::{
        ItemChange, NeededPayment, NextPhase, PauseCollection, Rhythm, Stripe, StripeError,
        SubscriptionUpdate,
    },
};

use crate::{
    plan::{NewItem, Plan, Steps},
    request::CancelWhen,
};

/// The seconds for which the same request is sent to Stripe again. Stripe forgets keys after a day.
const REPEATED_FOR: i64 = 23 * 60 * 60;

/// One operation on a subscription.
pub(crate) struct Operation<'a> {
    pub(crate) stripe: &'a Stripe,
    /// `sub_…`
    pub(crate) id: &'a str,
    pub(crate) record: &'a IdempotencyRecord,
    pub(crate) plan: &'a Plan,
}

impl NewItem {
    /// The item in Stripe's parameters.
    pub(crate) fn change(&self) -> ItemChange<'_> {
        ItemChange {
            id: &self.id,
            price: self.price.as_deref(),
            quantity: self.quantity,
        }
    }
}

impl Operation<'_> {
    /// True when it was done long ago, or never will be: the caller sees the present state.
    pub(crate) fn is_past(&self, now: i64) -> bool {
        now >= self.plan.at.saturating_add(REPEATED_FOR)
    }

    /// Does what the plan says, once; returns the payment without which Stripe does not.
    ///
    /// # Errors
    ///
    /// [`Error`] when Stripe did not; the same request may be sent again.
    pub(crate) async fn carry_out(&self) -> Result<Option<NeededPayment>, Error> {
        self.steps().await.map_err(refused)
    }

    async fn steps(&self) -> Result<Option<NeededPayment>, StripeError> {
        match &self.plan.steps {
            Steps::Change {
                item,
                proration,
                is_sent,
            } => {
                self.give_up_schedule().await?;
                let update = SubscriptionUpdate {
                    items: Some([item.change()]),
                    proration_behavior: Some(proration.as_str()),
                    payment_behavior: (!is_sent).then_some("pending_if_incomplete"),
                    ..SubscriptionUpdate::default()
                };
                self.update(&update).await
            }
            Steps::ChangeLater { item, from, rhythm } => {
                let rhythm = Rhythm {
                    interval: rhythm.interval.clone(),
                    interval_count: rhythm.interval_count,
                    usage_type: rhythm.usage_type.clone(),
                };
                let next = NextPhase {
                    from,
                    item: item.change(),
                    rhythm: &rhythm,
                };
                let (schedule, key) = (self.plan.schedule.as_deref(), self.key());
                let scheduled = self.stripe.schedule_change(self.id, schedule, &next, &key);
                scheduled.await.map(|()| None)
            }
            Steps::Cancel(CancelWhen::Now) => {
                self.stripe.cancel_subscription(self.id).await?;
                Ok(None)
            }
            Steps::Cancel(CancelWhen::PeriodEnd) => {
                self.give_up_schedule().await?;
                let update = SubscriptionUpdate {
                    cancel_at_period_end: Some(true),
                    ..SubscriptionUpdate::default()
                };
                self.update(&update).await
            }
            Steps::Resume { .. } => self.resume().await,
            Steps::Pause(pause) => {
                let update = SubscriptionUpdate {
                    pause_collection: Some(PauseCollection::Start {
                        behavior: pause.behavior.as_str(),
                        resumes_at: pause.resumes_at,
                    }),
                    ..SubscriptionUpdate::default()
                };
                self.update(&update).await
            }
        }
    }

    async fn resume(&self) -> Result<Option<NeededPayment>, StripeError> {
        let Steps::Resume {
            is_timed,
            ends,
            is_collection_paused,
            is_paused,
        } = self.plan.steps
        else {
            return Ok(None);
        };
        self.give_up_schedule().await?;
        if is_timed || ends || is_collection_paused {
            let update = SubscriptionUpdate {
                cancel_at_period_end: ends.then_some(false),
                cancel_at: is_timed.then_some(""),
                pause_collection: is_collection_paused.then_some(PauseCollection::End),
                ..SubscriptionUpdate::default()
            };
            self.update(&update).await?;
        }
        if !is_paused {
            return Ok(None);
        }
        let key = [&self.key()[..], &["resume"]].concat();
        self.stripe.resume_subscription(self.id, &key).await
    }

    /// Releases the schedule that an earlier change made: Stripe lets nothing else change then.
    async fn give_up_schedule(&self) -> Result<(), StripeError> {
        match &self.plan.schedule {
            Some(schedule) => self.stripe.release_schedule(schedule, &self.key()).await,
            None => Ok(()),
        }
    }

    async fn update(
        &self,
        update: &SubscriptionUpdate<'_>,
    ) -> Result<Option<NeededPayment>, StripeError> {
        let key = [&self.key()[..], &["update"]].concat();
        self.stripe.update_subscription(self.id, update, &key).await
    }

    fn key(&self) -> [&str; 3] {
        ["subscription", &self.record.key, &self.record.digest]
    }
}

/// The error for Stripe's refusal of a change.
pub(crate) fn refused(failure: StripeError) -> Error {
    match failure {
        StripeError::Foreign(_) => Error::invalid(
            "`id`: the subscription follows a schedule that was made at Stripe: change it there",
        ),
        failure if failure.is_about_the_key() => Error::KeyReused,
        failure if failure.is_missing() => Error::NotFound,
        StripeError::Refused(refusal) if refusal.is_about_the_request() => {
            tracing::warn!(%refusal, "Stripe refuses a change of a subscription");
            Error::invalid("Stripe refuses this change of the subscription")
        }
        failure => failure.into(),
    }
}
