//! One subscription of a product for each caller, whatever happens at once.

use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use shared::subscription::Reason;
use testing::{Answer, Client, Process, Shop, until};

use crate::{
    Checkout, order_id, session_id,
    subscriptions::{add_plans, items, post, pro, refused, start, start_with, subscribe_beside},
};

/// The real program.
const CREATE: &str = env!("CARGO_BIN_EXE_create-checkout");

#[tokio::test]
async fn another_order_of_the_product_ends_the_one_before() {
    let api = start().await;
    let first = post(&api, "k1", &pro()).await.expect(200);
    let yearly = items(&json!([{ "price": "pro_yearly", "quantity": 1 }]));
    let second = post(&api, "k2", &yearly).await.expect(200);

    assert_ne!(order_id(&second), order_id(&first));
    assert_eq!(api.only_open(), session_id(&second));
    let paid = api
        .shop
        .stripe
        .pay_session(&session_id(&first), "pm_card_visa");
    assert!(paid.is_err(), "nobody can pay the first");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&first).await, "canceled");
    assert_eq!(post(&api, "k1", &pro()).await.code(409), "order_canceled");
    assert_eq!(api.only_open(), session_id(&second), "it stays");

    let other = items(&json!([{ "price": "team", "quantity": 1 }]));
    let _ = post(&api, "k3", &other).await.expect(200);
    assert_eq!(api.sessions("open").len(), 2, "of another product");
}

#[tokio::test]
async fn a_session_that_turns_out_paid_answers_with_its_subscription() {
    let api = start().await;
    let first = post(&api, "k1", &pro()).await.expect(200);
    api.pay(&session_id(&first));

    // No webhook has arrived.
    let answer = post(&api, "k2", &pro()).await;
    let [held] = &api.shop.stripe.subscriptions()[..] else {
        panic!("not one subscription")
    };
    assert_eq!(answer.body["error"]["subscription"], held["id"]);
    refused(answer, 409, "already_subscribed");
    assert_eq!(
        post(&api, "k1", &pro()).await.code(409),
        "order_already_paid"
    );

    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(
        post(&api, "k3", &pro()).await.code(409),
        "already_subscribed"
    );
    let held = held["id"].as_str().unwrap();
    api.shop.stripe.cancel_subscription(held).unwrap();
    let again = post(&api, "k4", &pro()).await.expect(200);
    assert_eq!(api.only_open(), session_id(&again), "the first has ended");
}

#[tokio::test]
async fn a_shop_may_allow_several() {
    let api = start_with(&json!({ "subscriptions": { "multiple": true } })).await;
    let first = post(&api, "k1", &pro()).await.expect(200);
    let second = post(&api, "k2", &pro()).await.expect(200);
    for answer in [&first, &second] {
        api.pay(&session_id(answer));
    }
    assert_eq!(api.deliver_all().await, 0);
    for answer in [&first, &second] {
        assert_eq!(api.status(answer).await, "paid");
    }
    assert_eq!(api.shop.stripe.subscriptions().len(), 2);
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_ends_the_order_before_leaves_one_session_to_pay() {
    let api = start().await;
    let first = post(&api, "k1", &pro()).await.expect(200);
    let lost = Fault::lost_answer().on("POST", "/v1/checkout/sessions/");
    api.shop.stripe.inject(lost.times(0));
    let process = Process::start(CREATE, &api.shop);
    let client = Client::at(process.address());
    let token = api.shop.token_of("ada", &["customer"]);
    let body = pro();
    let request = client.request().bearer(&token).key("k2").post(&body);
    let is_expired = until("the moment to kill it", async || {
        api.sessions("open").is_empty()
    });
    tokio::select! {
        answer = request => panic!("it answered: {answer:?}"),
        () = is_expired => process.kill(),
    }
    api.shop.stripe.clear_faults();
    assert_eq!(api.deliver_all().await, 0);

    let second = post(&api, "k2", &pro()).await.expect(200);
    assert_eq!(api.only_open(), session_id(&second));
    assert_eq!(api.status(&first).await, "canceled");
    api.pay(&session_id(&second));
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&second).await, "paid");
}

/// Ada's answers to as many requests at once, each for an order of its own, by two processes.
async fn at_once(shop: &Shop, count: usize) -> Vec<Answer> {
    let processes = [Process::start(CREATE, shop), Process::start(CREATE, shop)];
    let clients = processes.each_ref().map(|one| Client::at(one.address()));
    let requests = (0..count).map(async |n| {
        let list = match n % 3 {
            0 => json!([{ "price": "pro", "quantity": 1 }]),
            1 => json!([{ "price": "pro_yearly", "quantity": 1 }]),
            _ => json!([{ "price": "team", "quantity": 1 }, { "price": "pro", "quantity": 2 }]),
        };
        let token = shop.token_of("ada", &["customer"]);
        let call = clients[n % 2].request().bearer(&token);
        call.key(&format!("k{n}")).post(&items(&list)).await
    });
    join_all(requests).await
}

#[tokio::test]
async fn of_many_sessions_made_at_once_one_can_be_paid() {
    for round in 0..3 {
        let api = start().await;
        let answers = at_once(&api.shop, 6).await;
        for answer in &answers {
            let code = answer.body["error"]["code"].as_str();
            let fits = answer.status == 200
                || code.is_some_and(|code| ["order_canceled", "in_progress"].contains(&code));
            assert!(fits, "round {round}: {}", answer.body);
        }

        let open = api.sessions("open");
        assert!(open.len() <= 1, "round {round}: {open:?}");
        // Each tab tries what it got.
        let received = answers.iter().filter(|answer| answer.status == 200);
        let paid = received.filter(|answer| {
            let session = session_id(answer);
            api.shop
                .stripe
                .pay_session(&session, "pm_card_visa")
                .is_ok()
        });
        assert_eq!(paid.count(), open.len(), "round {round}");
        if open.is_empty() {
            let answer = post(&api, "last", &pro()).await.expect(200);
            api.pay(&session_id(&answer));
        }
        assert_eq!(api.shop.stripe.subscriptions().len(), 1, "round {round}");
        assert_eq!(api.deliver_all().await, 0, "round {round}");
        let notified = api.shop.notifications().await;
        let paid = notified.iter().filter(|kind| *kind == "order.paid");
        assert_eq!(paid.count(), 1, "round {round}: {notified:?}");
        assert_eq!(
            post(&api, "more", &pro()).await.code(409),
            "already_subscribed"
        );
    }
}

#[tokio::test]
async fn payments_and_further_sessions_at_once_make_one_subscription() {
    for round in 0..3 {
        let shop = Shop::open().await;
        add_plans(&shop);
        let api = Checkout::over(shop).await;
        let first = post(&api, "first", &pro()).await.expect(200);
        let session = session_id(&first);
        let pay = async {
            api.shop
                .stripe
                .pay_session(&session, "pm_card_visa")
                .is_ok()
        };

        let (answers, is_paid) = futures_util::future::join(at_once(&api.shop, 4), pay).await;

        let mut payable = usize::from(is_paid);
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            let session = session_id(answer);
            let paid = api.shop.stripe.pay_session(&session, "pm_card_visa");
            payable += usize::from(paid.is_ok());
        }
        assert!(payable <= 1, "round {round}: {payable}");
        assert_eq!(
            api.shop.stripe.subscriptions().len(),
            payable,
            "round {round}"
        );
        assert_eq!(api.deliver_all().await, 0, "round {round}");
    }
}

/// Ada's subscription of `team`, and the function that changes it.
async fn team(api: &Checkout) -> (String, Client) {
    let id = subscribe_beside(api, "price_team").await;
    let look = api.shop.app().subscriptions;
    let _ = look.look(&id, &Reason::Event).await.unwrap();
    (id, Client::of(subscription::service(api.shop.app())).await)
}

/// Ada changes the subscription `id` to `price`.
async fn change(api: &Checkout, client: &Client, key: &str, id: &str, price: &str) -> Answer {
    let body = json!({ "id": id, "change": { "price": price } });
    let token = api.shop.token_of("ada", &["customer"]);
    client.request().bearer(&token).key(key).post(&body).await
}

/// The number of subscriptions with an item of the product `prod_pro`.
fn of_pro(api: &Checkout) -> usize {
    let all = api.shop.stripe.subscriptions();
    let is_pro = |item: &Value| item["price"]["product"] == "prod_pro";
    let holds = |one: &&Value| one["items"]["data"].as_array().unwrap().iter().any(is_pro);
    all.iter().filter(holds).count()
}

#[tokio::test]
async fn a_change_to_the_product_ends_its_unpaid_order() {
    let api = start().await;
    let (id, changes) = team(&api).await;
    let order = post(&api, "k1", &pro()).await.expect(200);

    let changed = change(&api, &changes, "c1", &id, "pro").await;

    let _ = changed.expect(200);
    let session = session_id(&order);
    let paid = api.shop.stripe.pay_session(&session, "pm_card_visa");
    assert!(paid.is_err(), "nobody can pay it");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&order).await, "canceled");
    let further = post(&api, "k2", &pro()).await;
    assert_eq!(further.body["error"]["subscription"], id.as_str());
    refused(further, 409, "already_subscribed");
}

#[tokio::test]
async fn a_change_to_the_product_of_a_paid_session_is_refused() {
    let api = start().await;
    let (id, changes) = team(&api).await;
    let order = post(&api, "k1", &pro()).await.expect(200);
    api.pay(&session_id(&order));

    // No webhook has arrived.
    let answer = change(&api, &changes, "c1", &id, "pro").await;

    refused(answer, 409, "already_subscribed");
    assert_eq!(of_pro(&api), 1);
}

#[tokio::test]
async fn sessions_and_a_change_at_once_make_one_subscription_of_the_product() {
    for round in 0..5 {
        let api = start().await;
        let (id, changes) = team(&api).await;
        let first = post(&api, "first", &pro()).await.expect(200);
        let session = session_id(&first);
        let pay = async {
            if round % 2 == 0 {
                let _ = api.shop.stripe.pay_session(&session, "pm_card_visa");
            }
        };

        let (answers, changed, ()) = tokio::join!(
            at_once(&api.shop, 2),
            change(&api, &changes, "c1", &id, "pro"),
            pay,
        );

        for answer in answers.iter().filter(|answer| answer.status == 200) {
            // The ones that ended refuse.
            let session = session_id(answer);
            let _ = api.shop.stripe.pay_session(&session, "pm_card_visa");
        }
        assert!(of_pro(&api) <= 1, "round {round}: {answers:?}, {changed:?}");
        if changed.status == 200 {
            assert_eq!(of_pro(&api), 1, "round {round}: {answers:?}");
        }
        assert_eq!(api.deliver_all().await, 0, "round {round}");
        let last = change(&api, &changes, "c2", &id, "pro").await;
        assert!(
            [200, 400, 409].contains(&last.status.as_u16()),
            "round {round}: {}",
            last.body
        );
        assert_eq!(of_pro(&api), 1, "round {round}");
    }
}
