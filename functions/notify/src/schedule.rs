//! Decides when a failed message is retried. Pure, but for the jitter.

use std::time::Duration;

use shared::{retry::Backoff, store::DeliveryOutcome};

/// The attempts at a message, over about two days, before it is a dead letter.
pub const MAX_ATTEMPTS: u32 = 16;
/// The delays between attempts: from five seconds to six hours.
const BACKOFF: Backoff = Backoff {
    first: Duration::from_secs(5),
    factor: 4,
    cap: Duration::from_secs(6 * 60 * 60),
};

/// The outcome for a message whose `attempts`th attempt failed at `now` (Unix seconds).
///
/// The jitter takes at most half of a delay: the schedule has no deadline, but a number of attempts
/// that must span an outage of the site.
#[must_use]
pub fn after_failure(attempts: u32, now: i64, error: &str) -> DeliveryOutcome {
    let error = error.to_owned();
    if attempts >= MAX_ATTEMPTS {
        return DeliveryOutcome::DeadLettered { error };
    }
    let longest = longest_delay(attempts);
    let jitter = fastrand::i64(0..=longest / 2);
    let due_at = now + longest - jitter;
    DeliveryOutcome::Again { due_at, error }
}

/// The longest delay, in seconds, of the attempt that follows `attempts` failed ones; the shortest
/// is half of it.
fn longest_delay(attempts: u32) -> i64 {
    BACKOFF.longest(attempts).as_secs().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_four_times_the_last_up_to_six_hours() {
        let waits: Vec<i64> = (1..=9).map(longest_delay).collect();
        assert_eq!(waits, [5, 20, 80, 320, 1280, 5120, 20480, 21600, 21600]);
        assert_eq!(longest_delay(u32::MAX), 21_600);
    }

    #[test]
    fn a_message_is_dead_lettered_after_its_last_try_and_not_before() {
        let outcome = after_failure(MAX_ATTEMPTS, 0, "500");
        assert_eq!(
            outcome,
            DeliveryOutcome::DeadLettered {
                error: "500".to_owned()
            }
        );

        for attempts in 1..MAX_ATTEMPTS {
            let DeliveryOutcome::Again { due_at, .. } = after_failure(attempts, 1_000, "500")
            else {
                panic!("a dead letter after {attempts} tries")
            };
            let longest = longest_delay(attempts);
            assert!(
                (1_000 + longest / 2..=1_000 + longest).contains(&due_at),
                "{due_at}"
            );
        }
    }
}
