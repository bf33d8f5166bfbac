//! The retry policy of all calls: exponential backoff with full jitter, inside one deadline.
//!
//! A caller has numbers of its own in a [`Backoff`] and a deadline, and decides which failures to
//! retry.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The delays between attempts.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The longest delay before the second attempt; it doubles with each further one.
    first: Duration,
    /// The longest delay before any attempt.
    cap: Duration,
}

impl Backoff {
    /// A backoff that doubles from `first` to `cap`.
    pub(crate) const fn doubling(first: Duration, cap: Duration) -> Self {
        Self { first, cap }
    }

    /// The longest delay before the attempt that follows `failed` ones.
    pub(crate) fn longest(self, failed: u32) -> Duration {
        let growth = 2_u32.saturating_pow(failed.saturating_sub(1));
        self.first.saturating_mul(growth).min(self.cap)
    }

    /// The delay before the attempt that follows `failed` ones: at least `least`, as a server's
    /// `Retry-After` asks.
    ///
    /// `jitter` is a random number from 0 to 1, so that callers that failed together do not return
    /// together.
    fn delay(self, failed: u32, least: Duration, jitter: f64) -> Duration {
        self.longest(failed).mul_f64(jitter).max(least)
    }
}

/// The retries of one piece of work, which may make several calls.
#[derive(Debug)]
pub(crate) struct Retries {
    backoff: Backoff,
    deadline: Instant,
    failed: u32,
}

impl Retries {
    /// The retries of work that ends before `deadline`.
    pub(crate) fn new(backoff: Backoff, deadline: Instant) -> Self {
        Self {
            backoff,
            deadline,
            failed: 0,
        }
    }

    /// The time by which the work ends.
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Waits before the next attempt, at least for `least`.
    ///
    /// Returns false at once when the deadline comes first.
    pub(crate) async fn wait(&mut self, least: Duration) -> bool {
        self.failed = self.failed.saturating_add(1);
        let delay = self.backoff.delay(self.failed, least, fastrand::f64());
        let has_time = delay < self.deadline.saturating_duration_since(Instant::now());
        if has_time {
            sleep(delay).await;
        }
        has_time
    }

    /// Counts a failed attempt that is repeated without a delay.
    ///
    /// Returns false when the deadline has passed.
    pub(crate) fn at_once(&mut self) -> bool {
        self.failed = self.failed.saturating_add(1);
        Instant::now() < self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAP: Duration = Duration::from_secs(8);
    const BACKOFF: Backoff = Backoff::doubling(Duration::from_millis(500), CAP);

    fn longest(backoff: Backoff) -> Vec<u128> {
        let delays = (1..=7).map(|failed| backoff.delay(failed, Duration::ZERO, 1.0));
        delays.map(|delay| delay.as_millis()).collect()
    }

    #[test]
    fn the_delay_doubles_with_full_jitter_and_ends_at_a_cap() {
        assert_eq!(longest(BACKOFF), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
        assert_eq!(BACKOFF.delay(3, Duration::ZERO, 0.5).as_secs(), 1);
        assert_eq!(BACKOFF.delay(3, Duration::ZERO, 0.0), Duration::ZERO);
        assert_eq!(BACKOFF.delay(u32::MAX, Duration::ZERO, 1.0), CAP);
    }

    #[test]
    fn a_servers_retry_after_is_the_least_delay() {
        let least = Duration::from_secs(3);
        assert_eq!(BACKOFF.delay(1, least, 0.5), least);
        assert_eq!(BACKOFF.delay(4, least, 1.0), Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_before_the_deadline_or_is_not_begun() {
        let begin = Instant::now();
        let mut retries = Retries::new(BACKOFF, begin + Duration::from_secs(10));

        assert!(retries.wait(Duration::from_secs(9)).await);
        assert_eq!(begin.elapsed().as_secs(), 9);
        assert!(!retries.wait(Duration::from_secs(1)).await);
        assert_eq!(begin.elapsed().as_secs(), 9);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_at_once_lengthens_the_next_delay_and_has_the_same_deadline() {
        let mut retries = Retries::new(BACKOFF, Instant::now() + Duration::from_secs(1));
        assert!(retries.at_once());
        assert_eq!(retries.failed, 1);

        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!retries.at_once());
    }
}
