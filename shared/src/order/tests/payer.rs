//! Who buys, as the site signed it.

use super::*;
use crate::{
    event::{Address, Recipient},
    order::SignedPayer,
};

/// An order for a payer of whom the site signed everything.
fn signed() -> Order {
    let payer = SignedPayer {
        email: Some("ada@example.com".to_owned()),
        has_receipt: true,
        name: Some("Ada Lovelace".to_owned()),
        shipping: Some(Recipient {
            name: Some("Charles Babbage".to_owned()),
            phone: Some("+49 30 1".to_owned()),
            address: Some(Address {
                line1: Some("Torstr. 1".to_owned()),
                ..Address::default()
            }),
        }),
    };
    let owner = CallerId::parse("ada").unwrap();
    let id = OrderId::parse("o_1").unwrap();
    Order::new(id, owner, contents(1500, 1).with_payer(payer), NOW)
}

const KNOWN: [&str; 5] = ["ada@", "Lovelace", "Babbage", "+49", "Torstr"];

#[test]
fn who_buys_is_stored_and_shown_by_no_debug() {
    let order = signed();
    let (stored, debug) = (
        serde_json::to_string(&order).unwrap(),
        format!("{order:?} {:?}", order.revision().contents.payer()),
    );
    for known in KNOWN {
        assert!(stored.contains(known), "{known}");
        assert!(!debug.contains(known), "{known}: {debug}");
    }
    let read: Order = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, order);
}

#[test]
fn another_payer_is_another_content_and_the_same_payer_the_same() {
    let digest = |order: Order| order.revision().digest.clone();
    let without = Order::new(
        OrderId::parse("o_1").unwrap(),
        CallerId::parse("ada").unwrap(),
        contents(1500, 1),
        NOW,
    );

    assert_eq!(digest(signed()), digest(signed()));
    assert_ne!(digest(signed()), digest(without));
}

#[test]
fn a_forgotten_payer_leaves_every_revision() {
    let mut order = signed();
    order.revise(contents(2500, 2), NOW + 1).unwrap();

    assert!(order.forget_payer(NOW + 2));

    let stored = serde_json::to_string(&order).unwrap();
    assert!(
        KNOWN.iter().all(|known| !stored.contains(known)),
        "{stored}"
    );
    assert_eq!(order.updated_at(), NOW + 2);
    assert!(!order.forget_payer(NOW + 3));
}
