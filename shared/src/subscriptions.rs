//! Keeps the copies of subscriptions in step with Stripe.
//!
//! A look reads the version of the copy, fetches the subscription, and writes under a condition on
//! that version; else it starts again. So the number and the order of events do not matter: the
//! copy is never older than the latest event that was answered. The notifications come from
//! comparing the copy before and after, in that transaction.
//!
//! | step | state when the process ends after it |
//! |---|---|
//! | the version is read, the subscription fetched | as before: Stripe delivers the event again |
//! | copy, account and messages are written | all of it: the event delivered again changes nothing |

mod flights;
mod refresh;
mod reversals;

use std::sync::Arc;

use futures_util::FutureExt as _;

use crate::{
    Clock, Error,
    ids::CallerId,
    store::{BillingWrite, Message, Store, StoreError, Versioned},
    stripe::{Stripe, StripeError},
    subscription::{
        BillingAccount, Grace, Reason, Subscription,
        access::FetchedEntitlements,
        changes,
        notification::{AccessData, EntitlementsData, SubscriptionData, SubscriptionView},
        objects::Fetched,
    },
};

use self::flights::Flights;
pub use self::refresh::Refreshed;
pub use self::reversals::Reversal;

/// The most looks of one event before it is left to its next delivery.
const MAX_LOOKS: u32 = 8;

/// Keeps the copies; cheap to clone, and all clones of a process share the looks under way.
#[derive(Clone, Debug)]
pub struct SubscriptionService {
    /// The Stripe client.
    pub stripe: Stripe,
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// `FAREBOX_GRACE`: the time for which a missing payment takes no access.
    pub grace: Grace,
    /// `FAREBOX_PAYER`: true when notifications name who pays.
    pub names_payer: bool,
    /// The looks under way in this process.
    flights: Arc<Flights>,
}

/// The result of a look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// True when the copy or the account changed.
    pub has_changed: bool,
    /// The ids of the messages that it appended to the outbox.
    pub messages: Vec<String>,
}

/// The error of a look: nothing was written, and it may be repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// The database failed.
    #[error("the database did not store a subscription")]
    Store(#[from] StoreError),
    /// Stripe did not return the subscription.
    #[error("Stripe did not return a subscription")]
    Stripe(#[from] StripeError),
    /// Other processes changed the copy again and again.
    #[error("a subscription changed too often to store it")]
    Contended,
}

impl LookError {
    /// Returns true when Stripe's key may not read what a look fetches.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Stripe(failure) if failure.is_forbidden())
    }
}

/// One attempt of a look.
enum Attempt {
    Done(Looked),
    /// Another process wrote meanwhile. It may have fetched before this look began.
    Overtaken,
}

impl SubscriptionService {
    /// Assembles existing parts.
    #[must_use]
    pub fn new(
        stripe: Stripe,
        store: Store,
        clock: Clock,
        grace: Grace,
        names_payer: bool,
    ) -> Self {
        Self {
            stripe,
            store,
            clock,
            grace,
            names_payer,
            flights: Arc::default(),
        }
    }

    /// The same service over another Stripe client.
    #[must_use]
    pub fn over(&self, stripe: Stripe) -> Self {
        Self {
            stripe,
            ..self.clone()
        }
    }

    /// Fetches the subscription with `id`, and brings its copy up to date. One that belongs to no
    /// caller of this deployment changes nothing.
    ///
    /// # Errors
    ///
    /// [`LookError`] when it could not; nothing was written.
    pub async fn look(&self, id: &str, reason: &Reason) -> Result<Looked, LookError> {
        let flight = self.flights.of(id);
        let turn = flight.turn().await;
        // A look that began after this event arrived saw all that the event reports.
        if turn.is_covered() && *reason == Reason::Event {
            return Ok(Looked::default());
        }
        // Without a name for its type: it is too deep for the compiler as a part of others.
        let looked = self.look_until_written(id, reason).boxed().await?;
        turn.landed();
        Ok(looked)
    }

    /// Fetches what the customer with the id `customer` is entitled to.
    ///
    /// # Errors
    ///
    /// As [`SubscriptionService::look`].
    pub async fn look_at_customer(&self, customer: &str) -> Result<Looked, LookError> {
        let Some(owner) = self.store.holder_of(customer).await? else {
            return Ok(Looked::default());
        };
        self.rewrite_account(&owner, Some(customer)).await
    }

    /// Tells the site what `owner` may use after a grace that is over, where that changed.
    ///
    /// # Errors
    ///
    /// [`LookError`] when the database did not answer, or others changed the account again and
    /// again; nothing was written.
    pub async fn end_grace(&self, owner: &CallerId) -> Result<Looked, LookError> {
        self.rewrite_account(owner, None).await
    }

    /// Brings the account of `owner` up to date with the time, and with what their `customer` is
    /// entitled to.
    async fn rewrite_account(
        &self,
        owner: &CallerId,
        customer: Option<&str>,
    ) -> Result<Looked, LookError> {
        for _ in 0..MAX_LOOKS {
            let account = self.store.billing_account(owner).await?;
            let mut after = account.value.clone().unwrap_or_default();
            if let Some(customer) = customer {
                let entitlements = self.stripe.entitlements(customer).await?;
                after = after.with_entitlements(customer, entitlements);
            }
            if let Attempt::Done(looked) = self.write(owner, None, account, after, vec![]).await? {
                return Ok(looked);
            }
        }
        Err(LookError::Contended)
    }

    async fn look_until_written(&self, id: &str, reason: &Reason) -> Result<Looked, LookError> {
        let mut first = None;
        for _ in 0..MAX_LOOKS {
            let copy = self.store.subscription(id).await?;
            // Whoever wrote the second version since then read the first one: it fetched after this
            // look began.
            let began = *first.get_or_insert(copy.version);
            if copy.version >= began + 2 && *reason == Reason::Event {
                return Ok(Looked::default());
            }
            if let Attempt::Done(looked) = self.attempt(id, copy, reason).await? {
                return Ok(looked);
            }
        }
        Err(LookError::Contended)
    }

    async fn attempt(
        &self,
        id: &str,
        copy: Versioned<Subscription>,
        reason: &Reason,
    ) -> Result<Attempt, LookError> {
        let before = copy.value.as_ref();
        let known = before.map(|before| (before.owner.clone(), before.customer.clone()));
        let fetching = self.stripe.subscription(id, self.names_payer);
        let (fetched, entitled) = match known {
            Some((owner, customer)) => {
                let entitling = self.entitled(owner, &customer);
                let (fetched, entitled) = tokio::join!(fetching, entitling);
                (fetched, Some(entitled?))
            }
            None => (fetching.await, None),
        };
        let fetched = match fetched {
            // A test clock that is deleted takes its subscriptions with it.
            Err(failure) if failure.is_missing() => return Ok(Attempt::Done(Looked::default())),
            fetched => fetched?,
        };
        let entitled = match entitled {
            Some(entitled) => entitled,
            None => match self.owner_of(&fetched).await? {
                Some(owner) => {
                    let customer = fetched.subscription.customer_id();
                    self.entitled(owner, customer).await?
                }
                None => return Ok(Attempt::Done(Looked::default())),
            },
        };
        self.compare(copy, &fetched, entitled, reason).await
    }

    /// The caller whose subscription it is; `None` where it is no caller's of this deployment.
    async fn owner_of(&self, fetched: &Fetched) -> Result<Option<CallerId>, LookError> {
        let subscription = &fetched.subscription;
        let this = self.store.deployment()?.id();
        if subscription.deployment().is_some_and(|named| named != this) {
            return Ok(None);
        }
        Ok(self.store.holder_of(subscription.customer_id()).await?)
    }

    /// The account of `owner`, read before the entitlements of their `customer`.
    async fn entitled(&self, owner: CallerId, customer: &str) -> Result<Entitled, LookError> {
        let account = self.store.billing_account(&owner).await?;
        let entitlements = self.stripe.entitlements(customer).await?;
        Ok(Entitled {
            owner,
            account,
            entitlements,
        })
    }

    async fn compare(
        &self,
        copy: Versioned<Subscription>,
        fetched: &Fetched,
        entitled: Entitled,
        reason: &Reason,
    ) -> Result<Attempt, LookError> {
        let Entitled {
            owner,
            account,
            entitlements,
        } = entitled;
        let now = self.clock.now();
        let mut after = fetched.copy(owner.clone());
        let changes = changes(copy.value.as_ref(), &mut after, reason, now);
        let account_before = account.value.clone().unwrap_or_default();
        let account_after = account_before.with(&after, entitlements);
        let data = SubscriptionData {
            subscription_id: after.id.clone(),
            version: copy.version + 1,
            customer: owner.as_str().to_owned(),
            subscription: SubscriptionView::from(&after),
            invoice: None,
            access: AccessData::of(&account_after, now, self.grace),
            payer: fetched.subscription.payer().cloned(),
        };
        let messages = changes.iter();
        let messages = messages.map(|change| Message::of_subscription(change, &data, now));
        let messages = messages.collect();
        let copy = (copy.value.as_ref() != Some(&after)).then_some((after, copy.version));
        self.write(&owner, copy, account, account_after, messages)
            .await
    }

    /// Writes what changed, with the messages about it.
    async fn write(
        &self,
        owner: &CallerId,
        subscription: Option<(Subscription, i64)>,
        account: Versioned<BillingAccount>,
        after: BillingAccount,
        mut messages: Vec<Message>,
    ) -> Result<Attempt, LookError> {
        let now = self.clock.now();
        let before = account.value.unwrap_or_default();
        let after = after.with_grace(now, self.grace);
        if subscription.is_none() && before == after {
            return Ok(Attempt::Done(Looked::default()));
        }
        if before.known_access(now, self.grace) != after.access(now, self.grace) {
            let data = EntitlementsData {
                version: account.version + 1,
                customer: owner.as_str().to_owned(),
                access: AccessData::of(&after, now, self.grace),
            };
            messages.push(Message::of_entitlements(&data, now));
        }
        let ids = messages.iter().map(|message| message.id.clone()).collect();
        let write = BillingWrite {
            owner: owner.clone(),
            subscription,
            account: (after, account.version),
            messages,
        };
        Ok(match self.store.write_billing(write, now).await? {
            true => Attempt::Done(Looked {
                has_changed: true,
                messages: ids,
            }),
            false => Attempt::Overtaken,
        })
    }
}

/// An owner's account, and what their customer is entitled to since.
struct Entitled {
    owner: CallerId,
    account: Versioned<BillingAccount>,
    entitlements: FetchedEntitlements,
}

impl From<LookError> for Error {
    fn from(failure: LookError) -> Self {
        Self::Unavailable(Box::new(failure))
    }
}
