//! The failed charges of an order.

use super::*;
use crate::{config::Config, rate_limit::Settings};

fn limits(attempts: &str) -> Settings {
    let value = |name: &str| (name == "FAREBOX_LIMIT_ATTEMPTS").then(|| attempts.to_owned());
    Config::from_lookup(&[], value).unwrap().limits
}

#[test]
fn a_failed_charge_counts_once_however_often_and_in_which_order_it_is_reported() {
    let told: Vec<Event> = [(0, 0), (1, 1), (1, 1), (2, 2), (0, 0)]
        .map(|(at, n)| failed_charge(NOW + at, n))
        .into();
    let reversed: Vec<Event> = told.iter().rev().cloned().collect();

    let (straight, _) = after(&told);
    let (backwards, _) = after(&reversed);

    assert_eq!(straight, backwards);
    assert_eq!(straight.failed_charges().count(), 3);
    let without_charge = after(&[failed_attempt(NOW), failed_attempt(NOW + 1)]).0;
    assert_eq!(
        without_charge.failed_charges().count(),
        0,
        "no bank was asked"
    );
}

#[test]
fn of_very_many_failed_charges_the_newest_are_kept_in_any_order() {
    let told: Vec<Event> = (0..150)
        .map(|n| failed_charge(NOW + i64::try_from(n * 7 % 150).unwrap(), n))
        .collect();
    let reversed: Vec<Event> = told.iter().rev().cloned().collect();

    let (straight, _) = after(&told);
    let (backwards, _) = after(&reversed);

    assert_eq!(straight, backwards);
    let kept: Vec<i64> = straight.failed_charges().collect();
    assert_eq!(kept.len(), MAX_FAILED_CHARGES);
    assert!(kept.iter().all(|at| *at >= NOW + 50), "the oldest are gone");
}

#[test]
fn an_order_waits_until_fewer_charges_failed_within_the_window() {
    let (order, _) = after(&[
        failed_charge(NOW, 0),
        failed_charge(NOW + 100, 1),
        failed_charge(NOW + 200, 2),
    ]);
    let cases = [
        ("4", NOW + 200, None),
        ("3", NOW + 200, Some(3400)),
        ("3", NOW + 3599, Some(1)),
        ("3", NOW + 3600, None),
        ("2", NOW + 3600, Some(100)),
        ("1", NOW + 3600, Some(200)),
        // Stripe's clock is ahead.
        ("3", NOW - 9999, Some(3600)),
        ("off", NOW + 200, None),
    ];
    for (attempts, now, wait) in cases {
        let waits = limits(attempts).wait_after_failures(&order, now);
        assert_eq!(waits, wait, "{attempts} at {now}");
    }
}

#[test]
fn an_order_that_was_never_tried_in_vain_is_written_as_before() {
    let text = serde_json::to_string(&order()).unwrap();
    assert!(!text.contains("failed_charges"), "{text}");
}
