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

#[test]
fn an_order_tells_when_it_was_created_and_last_changed() {
    let mut order = order();
    order.revise(contents(2500, 2), NOW + 5).unwrap();
    assert_eq!((order.created_at(), order.updated_at()), (NOW, NOW + 5));

    order.revise(contents(2500, 2), NOW + 9).unwrap();
    assert_eq!(order.updated_at(), NOW + 5);
}

#[test]
fn an_order_whose_payment_is_processing_takes_the_same_contents_again() {
    let (mut order, _) = after(&[attempt(NOW, "processing")]);
    assert_eq!(order.revise(contents(1500, 1), NOW), Ok(()));
    assert_eq!(order.status(), Status::Processing);
}

#[test]
fn the_same_contents_may_be_signed_again_under_one_version() {
    let signed = |at| contents(2500, at).as_version(Some(7));
    let mut order = order();
    order.revise(signed(5), NOW).unwrap();
    assert_eq!(order.revise(signed(9), NOW), Ok(()));
    assert_eq!(order.revision().contents, signed(9));
}

#[test]
fn a_payment_that_was_never_stored_is_good_for_a_previous_owner_and_for_no_stranger() {
    let paid = event(NOW, Subject::Intent(intent(&not_noted(), "succeeded")));
    let mut moved = not_noted();
    moved.move_to(CallerId::parse("eve").unwrap(), NOW).unwrap();
    assert!(!moved.is_of_previous_owner(), "no payment was open");
    let step = moved.apply(&paid, NOW).unwrap().unwrap();
    assert_eq!(step.order.status(), Status::Paid);

    let stranger = Order::new(
        moved.id().clone(),
        CallerId::parse("eve").unwrap(),
        contents(1500, 1),
        NOW,
    );
    assert_eq!(stranger.apply(&paid, NOW).unwrap_err(), Mismatch::Owner);
}
