//! Failures between the database and DynamoDB, and their outcome.

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

use super::{
    place::{Home, stand_in},
    relay::{Fault, Relay},
    *,
};

async fn store(home: &Home) -> Store {
    open(&home.config(&[("FAREBOX_NOTIFY_EVENTS", "customer.*")]))
        .await
        .unwrap()
}

async fn accept(store: &Store, event: &Value) -> Result<Accepted, StoreError> {
    let event = Event::parse(event.to_string().as_bytes()).unwrap();
    Ok(store.accept(event, NOW).await?.accepted)
}

/// The number of requests for `operation` since the last call.
fn count(relay: &Relay, operation: &str) -> usize {
    let log = relay.log();
    log.iter().filter(|one| one.operation == operation).count()
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn conflicts_throttling_and_server_errors_are_retried() {
    let faults = |nth| match nth {
        0 => Fault::canceled(&["None", "TransactionConflict"]),
        1 => Fault::canceled(&["ThrottlingError", "None"]),
        2 => Fault::canceled(&["ProvisionedThroughputExceeded", "None"]),
        3 => Fault::error(400, "ThrottlingException"),
        4 => Fault::error(400, "ProvisionedThroughputExceededException"),
        5 => Fault::error(400, "RequestLimitExceeded"),
        6 => Fault::error(400, "TransactionInProgressException"),
        7 => Fault::error(500, "InternalServerError"),
        _ => Fault::Answer(503, json!("not of DynamoDB")),
    };
    for nth in 0..9 {
        let rule = move |operation: &str, at| {
            (operation == "TransactWriteItems" && at == 0).then(|| faults(nth))
        };
        let (relay, home) = Relay::before_a_table(rule).await;
        let store = store(&home).await;
        relay.log();

        let accepted = accept(&store, &other("evt_1", "customer.created")).await;
        assert_eq!(accepted.unwrap(), Accepted::Applied, "{:?}", faults(nth));
        assert_eq!(count(&relay, "TransactWriteItems"), 2, "{:?}", faults(nth));
        assert_eq!(store.lease_due(NOW, 60, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn unprocessed_keys_are_read_again() {
    let (relay, home) = Relay::before_a_table(|operation, nth| {
        let table = "farebox-any";
        let keys = json!([{ "pk": { "S": "event#evt_1" } }]);
        let left = json!({ "Responses": {}, "UnprocessedKeys": { table: { "Keys": keys } } });
        (operation == "BatchGetItem" && nth == 0).then_some(Fault::Answer(200, left))
    })
    .await;
    let store = store(&home).await;

    let accepted = accept(&store, &other("evt_1", "customer.created")).await;
    assert_eq!(accepted.unwrap(), Accepted::Applied);
    assert_eq!(count(&relay, "BatchGetItem"), 2);
}

/// Loses the answer to the first transaction.
fn loses_the_first(operation: &str, nth: usize) -> Option<Fault> {
    (operation == "TransactWriteItems" && nth == 0).then_some(Fault::Lose)
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn an_event_whose_answer_got_lost_has_one_effect() {
    let (_relay, home) = Relay::before_a_table(loses_the_first).await;
    let store = store(&home).await;

    let event = other("evt_1", "customer.created");
    let accepted = accept(&store, &event).await.unwrap();
    // `Duplicate` where the stand-in does not know the token of the first transaction.
    assert!(matches!(accepted, Accepted::Applied | Accepted::Duplicate));
    assert_eq!(accept(&store, &event).await.unwrap(), Accepted::Duplicate);
    assert_eq!(store.lease_due(NOW, 60, 10).await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn a_retried_transaction_is_known_by_its_token() {
    let (relay, home) = Relay::before_a_table(loses_the_first).await;
    let store = store(&home).await;

    let accepted = accept(&store, &other("evt_1", "customer.created")).await;
    assert_eq!(accepted.unwrap(), Accepted::Applied);
    let log = relay.log();
    let mut sent = log
        .iter()
        .filter(|one| one.operation == "TransactWriteItems");
    let (first, second) = (sent.next().unwrap(), sent.next().unwrap());
    assert_eq!(first.asked, second.asked, "with the same token");
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn an_order_whose_answers_got_lost_is_opened_once_and_has_its_intent() {
    let (_relay, home) = Relay::before_a_table(|operation, nth| {
        (operation == "TransactWriteItems" && [0, 2].contains(&nth)).then_some(Fault::Lose)
    })
    .await;
    let store = store(&home).await;

    let asked = put("o_1", "ada", 1500, Some("key"));
    let opened = store.put_order(asked.clone(), NOW).await.unwrap();
    let PutOrderOutcome::Order(order) = &opened else {
        panic!("refused")
    };
    assert_eq!(store.put_order(asked, NOW).await.unwrap(), opened);
    let updated = store.update_payment(order.id(), intent("pi_1"), NOW).await;
    assert_eq!(updated.unwrap().unwrap().intent(), Some("pi_1"));
}

#[tokio::test]
async fn retries_end_inside_the_deadline_with_awss_code() {
    let relay = Relay::alone(|operation, _| match operation {
        "TransactWriteItems" => Some(Fault::error(400, "ThrottlingException")),
        _ => Some(Fault::Answer(200, json!({}))),
    })
    .await;
    let store = store(&Home::on_table("farebox-test", &relay.address)).await;
    let begun = Instant::now();

    let event = other("evt_1", "customer.created");
    let failure = accept(&store, &event).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(6));
    let text = failure.to_string();
    assert!(matches!(failure, StoreError::Busy { .. }), "{text}");
    assert!(text.contains("ThrottlingException"), "{text}");
    assert!(text.contains("request-of-a-test"), "{text}");
    assert!(count(&relay, "TransactWriteItems") > 4);
}

#[tokio::test]
async fn a_retry_that_the_deadline_cut_off_is_reported_with_awss_earlier_code() {
    let first = OnceLock::new();
    let relay = Relay::alone(move |operation, _| match operation {
        // One that began later than this has less time than the limit of an attempt.
        "TransactWriteItems" if first.get_or_init(Instant::now).elapsed().as_secs() < 4 => {
            Some(Fault::error(400, "ThrottlingException"))
        }
        "TransactWriteItems" => Some(Fault::Hang),
        _ => Some(Fault::Answer(200, json!({}))),
    })
    .await;
    let store = store(&Home::on_table("farebox-test", &relay.address)).await;

    let event = other("evt_1", "customer.created");
    let text = accept(&store, &event).await.unwrap_err().to_string();
    assert!(text.contains("ThrottlingException"), "{text}");
}

#[tokio::test]
async fn a_denied_call_names_its_table_and_action_and_is_not_retried() {
    let relay = Relay::alone(|_, _| Some(Fault::error(400, "AccessDeniedException"))).await;
    let home = Home::on_table("farebox-test", &relay.address);
    let failure = open(&home.config(&[])).await.unwrap_err();

    assert_eq!(
        failure.to_string(),
        "AWS denies dynamodb:GetItem on the table `farebox-test` (AccessDeniedException, \
         request request-of-a-test): check the function's role and keys"
    );
    assert_eq!(relay.log().len(), 1, "it would be denied again");
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn a_missing_table_stops_the_start_and_is_named() {
    let home = Home::on_table("farebox-nowhere", &stand_in());
    let failure = open(&home.config(&[])).await.unwrap_err();

    assert_eq!(
        failure.to_string(),
        "there is no DynamoDB table `farebox-nowhere` in eu-west-1: deploy it, or correct \
         DATABASE_URL or AWS_REGION"
    );
}

#[tokio::test]
async fn a_refused_connection_is_reported_as_unreachable() {
    let relay = Relay::alone(|_, _| None).await;
    let home = Home::on_table("farebox-test", &relay.address);
    drop(relay);
    let begun = Instant::now();
    let failure = open(&home.config(&[])).await.unwrap_err();

    assert!(begun.elapsed() < Duration::from_secs(6));
    let text = failure.to_string();
    assert!(matches!(failure, StoreError::Unreachable { .. }), "{text}");
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn a_process_that_may_not_write_opens_an_earlier_table_without_an_id() {
    let (_relay, home) = Relay::before_a_table(|operation, nth| {
        (operation == "PutItem" && nth > 0).then(|| Fault::error(400, "AccessDeniedException"))
    })
    .await;
    store(&home).await;
    home.forget_deployment().await;

    let store = store(&home).await;

    let none = store.deployment();
    assert!(matches!(none, Err(StoreError::NoDeployment)), "{none:?}");
    let id = OrderId::parse("o_1").unwrap();
    assert_eq!(store.order(&id).await.unwrap(), None);
}
