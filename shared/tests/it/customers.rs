//! What Stripe's search finds is looked at before it is believed.

use std::{collections::BTreeMap, time::Duration};

use shared::{deployment::Deployment, store::CustomerLink};

use crate::peer::{Act, Peer};

const STRANGER: &str = r#"{"id":"cus_other","metadata":{"farebox_reservation":"ff"}}"#;
const BARE: &str = r#"{"id":"cus_bare"}"#;

#[tokio::test]
async fn a_customer_of_another_reservation_or_deployment_is_not_found() {
    let old = r#"{"id":"cus_old","metadata":{"farebox_reservation":"0a"}}"#;
    let ours =
        r#"{"id":"cus_ours","metadata":{"farebox_reservation":"0a","farebox_deployment":"dep_1"}}"#;
    let copy =
        r#"{"id":"cus_copy","metadata":{"farebox_reservation":"0a","farebox_deployment":"dep_2"}}"#;
    let gone = r#"{"id":"cus_gone","deleted":true,"metadata":{"farebox_reservation":"0a"}}"#;
    let reserved = CustomerLink {
        reservation: "0a".to_owned(),
        reserved_at: 0,
        customer: None,
        profile: BTreeMap::new(),
    };
    for (found, expected) in [
        (vec![STRANGER, BARE, gone, copy], None),
        (vec![STRANGER, copy, ours], Some("cus_ours")),
        // An earlier version made it.
        (vec![STRANGER, old], Some("cus_old")),
    ] {
        let body: &'static str = format!(r#"{{"data":[{}]}}"#, found.join(",")).leak();
        let peer = Peer::start(vec![Act::Answer("200 OK", "", body)]).await;
        let stripe = peer.client(Duration::ZERO);
        let stripe = stripe.of_deployment(Deployment::new("dep_1", false));

        let customer = stripe.find_customer(&reserved.reservation).await.unwrap();

        let id = customer.as_ref().map(|customer| customer.id.as_str());
        assert_eq!(id, expected);
    }
}
