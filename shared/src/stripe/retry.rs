//! Decides whether a call is retried, and after how long. Pure.

use std::time::Duration;

/// The longest pause before an attempt, except after `Retry-After`.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// An answer's headers about retries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Advice {
    /// `Stripe-Should-Retry`.
    pub(super) should_retry: Option<bool>,
    /// `Retry-After`, in seconds.
    pub(super) retry_after: Option<u64>,
    /// `Idempotent-Replayed`: the answer is that of an earlier request under the same key.
    pub(super) is_replay: bool,
}

/// Returns true when an answer with `status` may be followed by another attempt. Stripe's own
/// advice takes precedence (<https://docs.stripe.com/error-low-level>).
pub(super) fn is_passing(status: u16, advice: Advice) -> bool {
    let passing = matches!(status, 409 | 424 | 429 | 500 | 502 | 503 | 504);
    advice.should_retry.unwrap_or(passing)
}

/// The pause before the attempt that follows `failed` ones. `jitter` is a random number from 0 to
/// 1, so that callers that failed together do not return together.
pub(super) fn delay(failed: u32, first: Duration, advice: Advice, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1 << failed.saturating_sub(1).min(16));
    let asked = Duration::from_secs(advice.retry_after.unwrap_or(0));
    doubled.min(LONGEST_DELAY).mul_f64(jitter).max(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(500);

    fn says(should_retry: Option<bool>) -> Advice {
        Advice {
            should_retry,
            ..Advice::default()
        }
    }

    #[test]
    fn stripe_should_retry_wins() {
        for status in [400, 402, 409, 500] {
            assert!(is_passing(status, says(Some(true))), "{status}");
            assert!(!is_passing(status, says(Some(false))), "{status}");
        }
    }

    #[test]
    fn without_advice_the_status_decides() {
        for status in [409, 424, 429, 500, 502, 503, 504] {
            assert!(is_passing(status, says(None)), "{status}");
        }
        for status in [200, 301, 400, 401, 402, 403, 404, 501] {
            assert!(!is_passing(status, says(None)), "{status}");
        }
    }

    #[test]
    fn the_wait_doubles_with_full_jitter_and_ends_at_a_cap() {
        let longest: Vec<u128> = (1..=7)
            .map(|failed| delay(failed, FIRST, Advice::default(), 1.0).as_millis())
            .collect();
        assert_eq!(longest, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(delay(3, FIRST, Advice::default(), 0.0), Duration::ZERO);
        assert_eq!(
            delay(u32::MAX, FIRST, Advice::default(), 1.0),
            LONGEST_DELAY
        );
    }

    #[test]
    fn retry_after_is_the_least_wait() {
        let advice = Advice {
            retry_after: Some(3),
            ..Advice::default()
        };
        assert_eq!(delay(1, FIRST, advice, 0.5), Duration::from_secs(3));
        assert_eq!(delay(4, FIRST, advice, 1.0), Duration::from_secs(4));
    }
}
