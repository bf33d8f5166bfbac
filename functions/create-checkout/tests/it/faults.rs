//! Stripe fails, and never are two sessions or intents open, nor is one opened while another may
//! be.

use sandbox::Fault;

use crate::{Checkout, change, intent_id, mugs, order_id, send};

const SESSIONS: &str = "/v1/checkout/sessions";

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_the_next_process() {
    let api = Checkout::start().await;
    let lost = Fault::lost_answer().on("POST", SESSIONS).times(0);
    api.shop.stripe.inject(lost);
    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
    assert_eq!(
        api.shop.stripe.checkout_sessions().len(),
        1,
        "made, and the answer was lost"
    );
    api.shop.stripe.clear_faults();

    let next = api.another().await;
    let answer = send(&api.shop, &next, "k1", &mugs(1)).await.expect(200);
    assert!(
        answer.body["url"]
            .as_str()
            .unwrap()
            .contains(&api.only_open())
    );
    assert_eq!(api.shop.stripe.checkout_sessions().len(), 1);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let faults: [fn() -> Fault; 4] = [
        Fault::rate_limit,
        Fault::bad_gateway,
        Fault::reset,
        Fault::lost_answer,
    ];
    for fault in faults {
        let api = Checkout::start().await;
        api.shop
            .stripe
            .inject(fault().on("POST", SESSIONS).times(2));
        let first = api.post("k1", &mugs(1)).await.expect(200);
        // The expiry is lost as well, and the session is closed all the same.
        api.shop
            .stripe
            .inject(fault().on("POST", SESSIONS).times(1));
        let _ = api.post("k2", &change(&first, 2)).await.expect(200);
        let _ = api.only_open();
        assert_eq!(api.shop.stripe.checkout_sessions().len(), 2);
    }
}

#[tokio::test]
async fn a_session_that_cannot_be_closed_keeps_another_from_being_opened() {
    let api = Checkout::start().await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let open = api.only_open();
    let expire = format!("{SESSIONS}/{open}/expire");
    api.shop
        .stripe
        .inject(Fault::error().on("POST", &expire).times(0));

    let changed = change(&first, 2);
    assert_eq!(api.post("k2", &changed).await.code(503), "unavailable");
    assert_eq!(
        api.post_intent("k2", &changed).await.code(503),
        "unavailable"
    );
    assert_eq!(api.only_open(), open);
    assert!(api.shop.stripe.payment_intents().is_empty());

    api.shop.stripe.clear_faults();
    let _ = api.post("k2", &changed).await.expect(200);
    assert_ne!(api.only_open(), open);
}

#[tokio::test]
async fn a_session_that_a_process_began_to_close_is_replaced() {
    let api = Checkout::start().await;
    let _first = api.post("k1", &mugs(1)).await.expect(200);
    let open = api.only_open();
    let expire = format!("{SESSIONS}/{open}/expire");
    let fails = Fault::error().on("POST", &expire);
    api.shop.stripe.inject(fails.times(0));
    let refused = api.post_intent("k1", &mugs(1)).await;
    assert_eq!(refused.code(503), "unavailable");
    api.shop.stripe.clear_faults();

    let _again = api.post("k1", &mugs(1)).await.expect(200);

    assert_ne!(api.only_open(), open, "nobody would hear that it expired");
}

#[tokio::test]
async fn a_process_that_ended_between_closing_and_opening_is_carried_on() {
    let api = Checkout::start().await;
    let first = api.post_intent("k1", &mugs(1)).await.expect(200);
    let cancel = format!("/v1/payment_intents/{}/cancel", intent_id(&first));
    // The intent is canceled, and the answer is lost.
    api.shop
        .stripe
        .inject(Fault::lost_answer().on("POST", &cancel).times(0));
    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
    api.shop.stripe.clear_faults();
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(
        api.status(&first).await,
        "created",
        "it was closed for a session"
    );

    let answer = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(order_id(&answer), order_id(&first));
    let session = api.only_open();
    api.pay(&session);
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&first).await, "paid");
}

#[tokio::test]
async fn a_database_that_cannot_be_written_opens_no_session() {
    let api = Checkout::start().await;
    let blocker = rusqlite::Connection::open(api.shop.folder().join("farebox.sqlite")).unwrap();
    blocker
        .execute_batch("DROP TABLE idempotency_records")
        .unwrap();

    assert_eq!(api.post("k1", &mugs(1)).await.code(503), "unavailable");
    assert!(api.shop.stripe.checkout_sessions().is_empty());
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_is_passed_under_the_next_key() {
    for fault in [Fault::error().stored(), Fault::error_after()] {
        let api = Checkout::start().await;
        api.shop.stripe.inject(fault.on("POST", SESSIONS));
        let answer = api.post("k1", &mugs(1)).await.expect(200);
        let again = api.post("k1", &mugs(1)).await.expect(200);
        assert_eq!(again.body["url"], answer.body["url"]);

        let url = answer.body["url"].as_str().unwrap();
        let sessions = api.shop.stripe.checkout_sessions();
        let session = sessions
            .iter()
            .find(|session| session["url"] == url)
            .unwrap();
        let id = session["id"].as_str().unwrap();
        api.shop.stripe.pay_session(id, "pm_card_visa").unwrap();
        api.deliver_all().await;
        assert_eq!(api.status(&answer).await, "paid");
    }
}

#[tokio::test]
async fn a_session_is_closed_where_stripe_keeps_a_failure_of_it() {
    for fault in [Fault::error().stored(), Fault::error_after()] {
        let api = Checkout::start().await;
        let first = api.post("k1", &mugs(1)).await.expect(200);
        let session = api.only_open();
        let expire = format!("{SESSIONS}/{session}/expire");
        api.shop.stripe.inject(fault.on("POST", &expire));
        let _ = api.post("k2", &change(&first, 2)).await.expect(200);
        assert_ne!(api.only_open(), session);
    }
}
