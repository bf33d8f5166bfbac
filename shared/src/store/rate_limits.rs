//! Rate limits: the decision of `rate_limiting`, done in one transaction.

use super::{RateLimitOutcome, RateLimitRequest, Store, StoreError, backend::operations};
use crate::{ids::CallerId, order::OrderId};

/// The seconds between two refreshes of one order, or of one caller's subscriptions.
pub(super) const REFRESH_INTERVAL: i64 = 2;

operations! {
    /// The operation on rate limits.
    trait RateLimits {
        /// Records a payment start at `now`, unless a rate limit is exceeded.
        ///
        /// An order that exists, or was counted before, is admitted and not counted again.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer; exceeding a limit is an outcome, not an
        /// error.
        pub async fn admit(
            &self,
            request: RateLimitRequest,
            now: i64,
        ) -> Result<RateLimitOutcome, StoreError>;

        /// Returns true to one caller within two seconds for each `row`, which holds the time of
        /// its next refresh.
        async fn admit_refresh_of(&self, row: String, now: i64) -> Result<bool, StoreError>;
    }
}

impl Store {
    /// Returns true to one caller within two seconds for each order: that one may ask Stripe for
    /// its payment.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn admit_refresh(&self, order: &OrderId, now: i64) -> Result<bool, StoreError> {
        self.admit_refresh_of(format!("refresh_{order}"), now).await
    }

    /// Returns true to one request within two seconds for each caller: that one may ask Stripe for
    /// the subscriptions of `owner`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer.
    pub async fn admit_billing_refresh(
        &self,
        owner: &CallerId,
        now: i64,
    ) -> Result<bool, StoreError> {
        // No order's id has a colon.
        let row = format!("refresh_billing:{}", owner.alias());
        self.admit_refresh_of(row, now).await
    }
}
