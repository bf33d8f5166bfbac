//! Decides when a failed message is retried. Pure, but for the jitter.

use crate::store::DeliveryOutcome;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// The longest delays between attempts, in seconds, and how many follow each other.
///
/// They total two days. A delay is at most a fraction of the outage before it, so that a message
/// comes soon after the site is up again: ten minutes in the first hour.
const DELAYS: [(u32, i64); 8] = [
    (1, 5),
    (1, 30),
    (1, 2 * MINUTE),
    (1, 5 * MINUTE),
    (12, 10 * MINUTE),
    (6, 30 * MINUTE),
    (6, 2 * HOUR),
    (6, 6 * HOUR),
];

/// The attempts at a message, over about two days, before it is a dead letter.
pub const MAX_ATTEMPTS: u32 = {
    let (mut sum, mut n) = (1, 0);
    while n < DELAYS.len() {
        sum += DELAYS[n].0;
        n += 1;
    }
    sum
};

/// The outcome for a message whose `attempts`th attempt failed at `now` (Unix seconds).
///
/// The jitter takes at most half of a delay: the schedule has no deadline, but a number of attempts
/// that must span an outage of the site.
#[must_use]
pub fn after_failure(attempts: u32, now: i64, error: &str) -> DeliveryOutcome {
    let error = error.to_owned();
    let Some(longest) = longest_delay(attempts) else {
        return DeliveryOutcome::DeadLettered { error };
    };
    let jitter = fastrand::i64(0..=longest / 2);
    let due_at = now + longest - jitter;
    DeliveryOutcome::Again { due_at, error }
}

/// The longest delay, in seconds, of the attempt that follows `attempts` failed ones; the shortest
/// is half of it. `None` after the last attempt.
fn longest_delay(attempts: u32) -> Option<i64> {
    let mut delays = DELAYS
        .iter()
        .flat_map(|(times, delay)| std::iter::repeat_n(*delay, *times as usize));
    delays.nth(attempts.saturating_sub(1) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest_delays() -> Vec<i64> {
        (1..MAX_ATTEMPTS).filter_map(longest_delay).collect()
    }

    #[test]
    fn a_wait_is_at_most_ten_minutes_in_the_first_hour_however_the_jitter_falls() {
        let delays = longest_delays();
        assert_eq!(delays[..6], [5, 30, 120, 300, 600, 600]);
        let mut shortest_age = 0;
        for delay in delays {
            if shortest_age < HOUR {
                assert!(delay <= 10 * MINUTE, "{delay} s after {shortest_age} s");
            }
            shortest_age += delay / 2;
        }
    }

    #[test]
    fn the_attempts_span_two_days() {
        let longest: i64 = longest_delays().iter().sum();
        assert_eq!(longest / HOUR, 53);
        assert_eq!(longest_delay(MAX_ATTEMPTS), None);
        assert_eq!(longest_delay(u32::MAX), None);
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

        for (attempts, longest) in (1..).zip(longest_delays()) {
            let DeliveryOutcome::Again { due_at, .. } = after_failure(attempts, 1_000, "500")
            else {
                panic!("a dead letter after {attempts} tries")
            };
            assert!(
                (1_000 + longest / 2..=1_000 + longest).contains(&due_at),
                "{due_at}"
            );
        }
    }
}
