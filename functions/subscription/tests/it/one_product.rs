//! One subscription of a product for each caller, also by changes of plan.

use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Answer, Shop};

use super::{Saas, text};

/// Ada's subscriptions of two products, and the plan `team`, which she does not have.
struct Two {
    saas: Saas,
    basic: String,
    pro: String,
}

impl Two {
    async fn open() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        let saas = Saas::over(shop).await;
        let customer = saas.shop().subscriber("ada", None, "pm_card_visa").await;
        let subscribe = |price: &str| {
            let shop = saas.shop();
            shop.subscribe_customer(&customer, price, &json!({}))
        };
        let (basic, pro) = (subscribe(&saas.basic), subscribe(&saas.pro));
        for id in [&basic, &pro] {
            saas.look(id).await;
        }
        let _ = saas.shop().plan("team", 4900, "month");
        Self { saas, basic, pro }
    }

    async fn change(&self, key: &str, id: &str, change: Value) -> Answer {
        let body = json!({ "id": id, "change": change });
        self.saas.change("ada", key, &body).await
    }

    /// The number of subscriptions at Stripe with an item of the plan `key`.
    fn holding(&self, key: &str) -> usize {
        let all = self.saas.shop().stripe.subscriptions();
        let is_of = |item: &Value| item["price"]["lookup_key"] == key;
        let holds = |one: &&Value| one["items"]["data"].as_array().unwrap().iter().any(is_of);
        all.iter().filter(holds).count()
    }
}

/// The subscription that a refusal names.
#[track_caller]
fn held(answer: Answer) -> String {
    let named = answer.body["error"]["subscription"].clone();
    assert_eq!(answer.code(409), "already_subscribed");
    text(&named)
}

#[tokio::test]
async fn a_product_of_another_subscription_is_refused_and_the_other_one_named() {
    let two = Two::open().await;
    let yearly = json!({ "currency": "usd", "unit_amount": 19_000, "lookup_key": "pro_yearly",
        "recurring": { "interval": "year" },
        "product": product_of(&two, "pro") });
    two.saas.shop().stripe.create_price(yearly).unwrap();
    let before = two.saas.shop().stripe.events().len();

    for (nth, change) in [
        json!({ "price": "pro" }),
        json!({ "price": "pro_yearly" }),
        json!({ "price": "pro", "when": "period_end" }),
    ]
    .into_iter()
    .enumerate()
    {
        let answer = two.change(&format!("{nth}"), &two.basic, change).await;
        assert_eq!(held(answer), two.pro);
    }
    let preview = json!({ "id": two.basic, "change": { "price": "pro" }, "preview": true });
    let preview = two.saas.api.as_role("ada", "customer").post(&preview).await;
    assert_eq!(held(preview), two.pro);
    assert_eq!(two.saas.shop().stripe.events().len(), before, "no change");

    let seats = two.change("seats", &two.basic, json!({ "quantity": 2 }));
    let _ = seats.await.expect(200);
    let of_its_own = two.change("year", &two.pro, json!({ "price": "pro_yearly" }));
    let _ = of_its_own.await.expect(200);
    two.saas
        .shop()
        .stripe
        .cancel_subscription(&two.pro)
        .unwrap();
    let again = two.change("again", &two.basic, json!({ "price": "pro" }));
    let _ = again.await.expect(200);
}

fn product_of(two: &Two, key: &str) -> Value {
    let all = two.saas.shop().stripe.subscriptions().into_iter();
    let mut prices = all.map(|one| one["items"]["data"][0]["price"].clone());
    let price = prices.find(|price| price["lookup_key"] == key);
    price.unwrap()["product"].clone()
}

#[tokio::test]
async fn a_change_that_waits_for_its_payment_or_its_time_counts_for_others() {
    let two = Two::open().await;
    let team = json!({ "price": "team" });
    let later = json!({ "price": "team", "when": "period_end" });

    let _ = two.change("1", &two.pro, later).await.expect(200);
    assert_eq!(
        held(two.change("2", &two.basic, team.clone()).await),
        two.pro
    );
    let resume = json!({ "id": two.pro, "resume": true });
    let _ = two.saas.change("ada", "3", &resume).await.expect(200);

    let customer = text(&two.saas.shop().stripe.subscriptions()[0]["customer"]);
    let shop = two.saas.shop();
    shop.pay_by(&customer, "pm_card_authenticationRequired");
    let waiting = two.change("4", &two.basic, team.clone()).await.expect(200);
    assert!(waiting.body["payment"].is_object(), "{}", waiting.body);
    assert_eq!(
        held(two.change("5", &two.pro, team.clone()).await),
        two.basic
    );
    let again = two.change("4", &two.basic, team).await.expect(200);
    assert!(again.body["payment"].is_object(), "{}", again.body);
}

#[tokio::test]
async fn of_two_changes_at_once_one_gets_the_product() {
    at_once(Two::open().await).await;
}

mod postgres {
    use testing::{Shop, empty_database};

    use super::{Two, at_once};

    #[tokio::test]
    #[ignore = "needs a Postgres server: scripts/postgres starts one"]
    async fn of_two_changes_at_once_one_gets_the_product() {
        let database = [("DATABASE_URL", &*empty_database().await)];
        at_once(Two::over(Shop::open_with(&database).await).await).await;
    }
}

mod dynamodb {
    use testing::{Shop, empty_table};

    use super::{Two, at_once};

    #[tokio::test]
    #[ignore = "needs a stand-in for DynamoDB: scripts/aws-stand-ins starts one"]
    async fn of_two_changes_at_once_one_gets_the_product() {
        let table = empty_table().await;
        let table = table.each_ref().map(|(name, value)| (*name, &**value));
        at_once(Two::over(Shop::open_with(&table).await).await).await;
    }
}

/// Both subscriptions change to one product at once, by two processes; then the one that got it
/// leaves it.
async fn at_once(two: Two) {
    let another = two.saas.api.another().await;
    let clients = [&two.saas.api.client, &another];
    let token = two.saas.shop().token_of("ada", &["customer"]);
    for round in 0..5 {
        let ids = [&two.basic, &two.pro];
        let changes = ids.iter().zip(clients).map(|(id, client)| {
            let body = json!({ "id": id, "change": { "price": "team" } });
            let call = client.request().bearer(&token);
            let call = call.key(&format!("{round}_{id}"));
            async move { call.post(&body).await }
        });
        let answers = join_all(changes).await;

        let got = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(got, two.holding("team"), "round {round}: {answers:?}");
        assert_eq!(got, 1, "round {round}: {answers:?}");
        for (answer, (id, other)) in answers.into_iter().zip([(0, 1), (1, 0)]) {
            if answer.status == 200 {
                let plan = ["basic", "pro"][id];
                let key = format!("back_{round}");
                let back = two.change(&key, ids[id], json!({ "price": plan }));
                let _ = back.await.expect(200);
                continue;
            }
            let named = answer.body["error"]["subscription"].clone();
            match answer.code(409).as_str() {
                "in_progress" => {}
                "already_subscribed" => assert_eq!(named, json!(ids[other])),
                code => panic!("round {round}: {code}"),
            }
        }
    }
}

#[tokio::test]
async fn a_change_without_an_answer_has_the_product_for_two_minutes() {
    let two = Two::over(Shop::open().await.at_fixed_time()).await;
    let team = json!({ "price": "team" });
    let stripe = &two.saas.shop().stripe;
    let fails = async |key: &str, id: &str| {
        let down = Fault::error().on("POST", &format!("/v1/subscriptions/{id}"));
        stripe.inject(down.times(50));
        let answer = two.change(key, id, team.clone()).await;
        assert_eq!(answer.code(503), "unavailable");
        stripe.clear_faults();
    };

    fails("1", &two.basic).await;
    let meanwhile = two.change("2", &two.pro, team.clone()).await;
    assert_eq!(meanwhile.code(409), "in_progress");
    two.saas.shop().clock.advance(121);
    let _ = two.change("2", &two.pro, team.clone()).await.expect(200);
    let repeated = two.change("1", &two.basic, team.clone()).await;

    assert_eq!(held(repeated), two.pro);
    assert_eq!(two.holding("team"), 1);
}

#[tokio::test]
async fn a_change_that_is_sent_again_keeps_the_product() {
    let two = Two::over(Shop::open().await.at_fixed_time()).await;
    let team = json!({ "price": "team" });
    let stripe = &two.saas.shop().stripe;
    let lost = Fault::lost_answer().on("POST", &format!("/v1/subscriptions/{}", two.basic));
    stripe.inject(lost.times(50));
    let unanswered = two.change("1", &two.basic, team.clone()).await;
    assert_eq!(unanswered.code(503), "unavailable");
    stripe.clear_faults();

    assert_eq!(
        held(two.change("2", &two.pro, team.clone()).await),
        two.basic
    );
    let _ = two.change("1", &two.basic, team.clone()).await.expect(200);
    assert_eq!(held(two.change("2", &two.pro, team).await), two.basic);
    assert_eq!(two.holding("team"), 1);
}

#[tokio::test]
async fn a_shop_may_allow_several_subscriptions_of_a_product() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("checkout.json");
    let several = json!({ "subscriptions": { "multiple": true } });
    std::fs::write(&file, several.to_string()).unwrap();
    let settings = [("FAREBOX_CHECKOUT", file.to_str().unwrap())];
    let two = Two::over(Shop::open_with(&settings).await).await;

    let _ = two
        .change("1", &two.basic, json!({ "price": "pro" }))
        .await
        .expect(200);

    assert_eq!(two.holding("pro"), 2);
}
