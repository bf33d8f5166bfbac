//! What Stripe's search finds is looked at before it is believed.

use std::time::Duration;

use shared::ledger::Mapping;

use crate::peer::{Act, Peer};

const STRANGER: &str = r#"{"id":"cus_other","metadata":{"farebox_reservation":"ff"}}"#;
const BARE: &str = r#"{"id":"cus_bare"}"#;

#[tokio::test]
async fn a_customer_of_another_reservation_is_not_found() {
    let ours = r#"{"id":"cus_ours","metadata":{"farebox_reservation":"0a"}}"#;
    let gone = r#"{"id":"cus_gone","deleted":true,"metadata":{"farebox_reservation":"0a"}}"#;
    let reserved = Mapping {
        reservation: "0a".to_owned(),
        reserved_at: 0,
        customer: None,
    };
    for (found, expected) in [
        (vec![STRANGER, BARE, gone], None),
        (vec![STRANGER, ours], Some("cus_ours")),
    ] {
        let body: &'static str = format!(r#"{{"data":[{}]}}"#, found.join(",")).leak();
        let peer = Peer::start(vec![Act::Answer("200 OK", "", body)]).await;
        let stripe = peer.client(Duration::ZERO);

        let customer = stripe.find_customer(&reserved).await.unwrap();

        let id = customer.as_ref().map(|customer| customer.id.as_str());
        assert_eq!(id, expected);
    }
}
