//! Rate limits: the decision of `rate_limiting`, done in one transaction.

use super::{RateLimitOutcome, RateLimitRequest, StoreError, backend::operations};
use crate::order::OrderId;

/// The seconds between two refreshes of one order.
pub(super) const REFRESH_INTERVAL: i64 = 2;

/// The id of the row that holds the time of an order's next refresh.
pub(super) fn refresh_row(order: &OrderId) -> String {
    format!("refresh_{order}")
}

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

        /// Returns true to one caller within two seconds for each order: that one may ask
        /// Stripe for its payment.
        ///
        /// # Errors
        ///
        /// [`StoreError`] when the database did not answer.
        pub async fn admit_refresh(&self, order: &OrderId, now: i64) -> Result<bool, StoreError>;
    }
}
