//! Decides which answers of Stripe are retried, and how soon. Pure.

use std::time::Duration;

use crate::retry::Backoff;

/// The longest delay before an attempt, except after `Retry-After`.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// The delays between attempts, from a longest one of `first` before the second.
pub(super) fn backoff(first: Duration) -> Backoff {
    Backoff::doubling(first, LONGEST_DELAY)
}

/// An answer's headers about retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Advice {
    /// `Stripe-Should-Retry`.
    pub(super) should_retry: Option<bool>,
    /// `Retry-After`; zero where there is none.
    pub(super) retry_after: Duration,
    /// `Idempotent-Replayed`: the answer is that of an earlier request under the same key.
    pub(super) is_replay: bool,
}

/// Returns true when an answer with `status` may be followed by another attempt. Stripe's own
/// advice takes precedence (<https://docs.stripe.com/error-low-level>).
pub(super) fn is_retryable(status: u16, advice: Advice) -> bool {
    let is_retryable = matches!(status, 409 | 424 | 429 | 500 | 502 | 503 | 504);
    advice.should_retry.unwrap_or(is_retryable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(should_retry: Option<bool>) -> Advice {
        Advice {
            should_retry,
            ..Advice::default()
        }
    }

    #[test]
    fn stripe_should_retry_wins() {
        for status in [400, 402, 409, 500] {
            assert!(is_retryable(status, says(Some(true))), "{status}");
            assert!(!is_retryable(status, says(Some(false))), "{status}");
        }
    }

    #[test]
    fn without_advice_the_status_decides() {
        for status in [409, 424, 429, 500, 502, 503, 504] {
            assert!(is_retryable(status, says(None)), "{status}");
        }
        for status in [200, 301, 400, 401, 402, 403, 404, 501] {
            assert!(!is_retryable(status, says(None)), "{status}");
        }
    }

    #[test]
    fn the_longest_delays_of_stripes_calls_double_to_eight_seconds() {
        let backoff = backoff(Duration::from_millis(500));
        let longest = [1, 2, 4, 5, 6].map(|failed| backoff.longest(failed).as_millis());
        assert_eq!(longest, [500, 1000, 4000, 8000, 8000]);
    }
}
