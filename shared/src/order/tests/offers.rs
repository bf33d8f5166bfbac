//! Offers: changes of an unpaid order, and the contents that a payment may match.

use super::*;

#[test]
fn an_unpaid_order_takes_new_contents_and_a_payment_for_the_old_is_good() {
    let mut changed = order();
    let for_the_old = event(NOW, Subject::Intent(intent(&changed, "succeeded")));
    changed.revise(contents(2500, 2), NOW).unwrap();
    assert_eq!(changed.revision().contents.amount(), usd(2500));

    let step = changed.apply(&for_the_old, NOW).unwrap().unwrap();

    assert_eq!(step.order.status(), Status::Paid);
    assert_eq!(step.order.revision().contents.amount(), usd(1500));
}

#[test]
fn a_token_signed_earlier_never_brings_a_price_back() {
    let mut changed = order();
    changed.revise(contents(2500, 5), NOW).unwrap();

    assert_eq!(changed.revise(contents(1500, 1), NOW), Ok(()));
    assert_eq!(changed.revision().contents.amount(), usd(2500));
    assert_eq!(
        changed.revise(contents(10, 4), NOW),
        Err(ReviseError::Newer)
    );

    changed.revise(contents(1500, 6), NOW).unwrap();
    assert_eq!(changed.revision().contents.amount(), usd(1500));
}

#[test]
fn of_two_that_were_signed_at_once_the_second_is_refused() {
    let mut order = order();
    order.revise(contents(2500, 5), NOW).unwrap();

    assert_eq!(
        order.revise(contents(1000, 5), NOW),
        Err(ReviseError::SignedAtOnce)
    );
    assert_eq!(order.revise(contents(2500, 5), NOW), Ok(()));
    assert_eq!(order.revision().contents.amount(), usd(2500));
}

#[test]
fn a_version_counts_more_than_when_it_was_signed() {
    let version = |minor_units, at, version| contents(minor_units, at).as_version(Some(version));
    let mut order = order();
    order.revise(version(2500, 5, 7), NOW).unwrap();

    for (offered, refused) in [
        (version(1000, 5, 7), ReviseError::SignedAtOnce),
        (version(1000, 9, 6), ReviseError::Newer),
        (contents(1000, 5), ReviseError::SignedAtOnce),
        (contents(1000, 4), ReviseError::Newer),
    ] {
        assert_eq!(order.revise(offered, NOW), Err(refused));
    }
    for offered in [version(3000, 5, 8), version(3500, 4, 9), contents(4000, 5)] {
        let amount = offered.amount();
        order.revise(offered, NOW).unwrap();
        assert_eq!(order.revision().contents.amount(), amount);
    }
}

#[test]
fn an_order_that_moved_is_paid_by_what_was_opened_for_its_previous_owner() {
    let mut moved = order();
    let paid = event(NOW, Subject::Intent(intent(&moved, "succeeded")));
    let eve = CallerId::parse("eve").unwrap();
    moved.move_to(eve.clone(), NOW).unwrap();
    assert_eq!((moved.owner(), moved.is_of_previous_owner()), (&eve, true));

    let step = moved.apply(&paid, NOW).unwrap().unwrap();

    assert_eq!(step.order.status(), Status::Paid);
    moved.update_payment(&PaymentUpdate::Closed("pi_1".to_owned()), NOW);
    assert!(!moved.is_of_previous_owner());
}

#[test]
fn what_is_decided_takes_no_new_contents() {
    let cases = [
        (attempt(NOW, "succeeded"), ReviseError::Paid),
        (attempt(NOW, "canceled"), ReviseError::Canceled),
        (attempt(NOW, "processing"), ReviseError::Processing),
        (refund("re_1", 500, "succeeded"), ReviseError::Paid),
        (refund("re_1", 500, "pending"), ReviseError::Paid),
        (refund("re_1", 500, "failed"), ReviseError::Paid),
    ];
    for (event, fixed) in cases {
        let (mut order, _) = after(&[event]);
        assert_eq!(order.revise(contents(2500, 2), NOW), Err(fixed));
    }
}

#[test]
fn an_order_is_not_changed_without_end() {
    let mut changed = order();
    let refused = (2..200).find_map(|n| changed.revise(contents(1000 + n, n), NOW).err());
    assert_eq!(refused, Some(ReviseError::TooManyRevisions));
}
