//! Rate limits: the decision of `rate_limiting`, done in one transaction.

use super::{RateLimitOutcome, RateLimitRequest, StoreError, backend::operations};

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
    }
}
