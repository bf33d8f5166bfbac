//! Changes: plan, quantity, end, pause; with their idempotency and what is refused.

use sandbox::Fault;
use serde_json::{Value, json};
use testing::Answer;

use super::{Saas, message, text};

impl Saas {
    /// `caller`, a customer, changes a subscription under `key`.
    pub(crate) async fn change(&self, caller: &str, key: &str, body: &Value) -> Answer {
        self.change_as("customer", caller, key, body).await
    }

    async fn change_as(&self, role: &str, caller: &str, key: &str, body: &Value) -> Answer {
        self.api.as_role(caller, role).key(key).post(body).await
    }

    /// The invoices of the sandbox, the latest last.
    fn invoices(&self) -> Vec<Value> {
        let mut invoices = self.shop().stripe.invoices();
        invoices.sort_by_key(|invoice| invoice["created"].as_i64());
        invoices
    }
}

#[tokio::test]
async fn an_upgrade_is_charged_now_and_its_answer_shows_it() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let body = json!({ "id": id, "change": { "price": "pro" } });

    let answer = saas.change("ada", "up", &body).await.expect(200).body;

    let held = &answer["subscription"];
    assert_eq!(held["items"][0]["lookupKey"], "pro");
    assert_eq!(held["status"], "active");
    assert!(answer["payment"].is_null(), "it is paid: {answer}");
    assert_eq!(
        held["latestInvoice"]["billingReason"],
        "subscription_update"
    );
    assert_eq!(
        held["latestInvoice"]["amountPaid"], 1000,
        "of a whole period"
    );
    let entitled = saas.read("ada", "view=access").await.expect(200).body;
    assert!(
        entitled["entitlements"]
            .as_array()
            .unwrap()
            .contains(&json!("pro"))
    );
    let notified = saas.shop().notifications().await;
    assert!(
        notified.contains(&"subscription.changed".to_owned()),
        "{notified:?}"
    );
}

#[tokio::test]
async fn the_same_operation_changes_once_and_the_key_holds_for_one_body() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let body = json!({ "id": id, "change": { "price": "pro", "quantity": 3 } });
    let first = saas.change("ada", "up", &body).await.expect(200).body;
    let invoices = saas.invoices().len();

    let again = saas.change("ada", "up", &body).await.expect(200).body;
    let other = json!({ "id": id, "change": { "price": "pro", "quantity": 4 } });
    let reused = saas.change("ada", "up", &other).await;

    assert_eq!(
        again["subscription"]["items"],
        first["subscription"]["items"]
    );
    assert_eq!(saas.invoices().len(), invoices);
    assert_eq!(reused.code(409), "idempotency_key_reused");
    let another_caller = saas.change_as("admin", "sam", "up", &other).await;
    let _ = another_caller.expect(200);
}

#[tokio::test]
async fn a_lost_answer_and_a_repeat_change_once() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let body = json!({ "id": id, "change": { "price": "pro" } });
    let before = saas.invoices().len();
    let lost = Fault::lost_answer().on("POST", &format!("/v1/subscriptions/{id}"));
    saas.shop().stripe.inject(lost.times(50));
    let refused = saas.change("ada", "up", &body).await;
    assert_eq!(refused.code(503), "unavailable");
    saas.shop().stripe.clear_faults();

    let answer = saas.change("ada", "up", &body).await.expect(200).body;

    assert_eq!(answer["subscription"]["items"][0]["lookupKey"], "pro");
    assert_eq!(saas.invoices().len(), before + 1);
}

#[tokio::test]
async fn a_change_that_the_bank_wants_authenticated_waits_for_the_payer() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let customer = text(&saas.shop().stripe.subscriptions()[0]["customer"]);
    saas.shop()
        .pay_by(&customer, "pm_card_authenticationRequired");
    let body = json!({ "id": id, "change": { "price": "pro" } });

    let answer = saas.change("ada", "up", &body).await.expect(200).body;

    assert_eq!(
        answer["subscription"]["items"][0]["lookupKey"], "basic",
        "{answer}"
    );
    let payment = &answer["payment"];
    assert_eq!(
        (&payment["amountDue"], &payment["currency"]),
        (&json!(1000), &json!("usd"))
    );
    assert!(payment["expiresAt"].is_i64(), "{answer}");
    let secret = text(&payment["clientSecret"]);
    let (intent, _) = secret.split_once("_secret_").unwrap();
    let again = saas.change("ada", "up", &body).await.expect(200).body;
    assert_eq!(again["payment"], *payment, "a repeat has the secret again");
    let other = json!({ "id": id, "change": { "quantity": 2 } });
    let waiting = saas.change("ada", "more", &other).await;
    assert_eq!(waiting.code(409), "subscription_changing");

    let stripe = &saas.shop().stripe;
    stripe.confirm(intent, "pm_card_visa").await.unwrap();
    let paid = saas.read("ada", "refresh=true").await.expect(200).body;
    assert_eq!(paid["subscriptions"][0]["items"][0]["lookupKey"], "pro");
}

#[tokio::test]
async fn a_subscription_ends_with_its_period_or_now_and_nothing_is_paid_back() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let of = |what: &str| json!({ "id": id, "cancel": what });

    let scheduled = saas.change("ada", "1", &of("period_end")).await.expect(200);
    let twice = saas.change("ada", "2", &of("period_end")).await;
    let resumed = json!({ "id": id, "resume": true });
    let resumed = saas.change("ada", "3", &resumed).await.expect(200).body;
    let ended = saas.change("ada", "4", &of("now")).await.expect(200).body;
    let again = saas.change("ada", "4", &of("now")).await.expect(200).body;

    assert_eq!(scheduled.body["subscription"]["cancelAtPeriodEnd"], true);
    assert!(message(twice).contains("`cancel`"));
    assert_eq!(resumed["subscription"]["cancelAtPeriodEnd"], false);
    assert_eq!(ended["subscription"]["status"], "canceled");
    assert_eq!(again["subscription"]["status"], "canceled");
    assert!(saas.shop().stripe.refunds().is_empty());
    let over = saas
        .change("ada", "5", &json!({ "id": id, "resume": true }))
        .await;
    assert_eq!(over.code(409), "subscription_ended");
    let access = saas.read("ada", "view=access").await.expect(200).body;
    assert_eq!(access["active"], false);
}

#[tokio::test]
async fn staff_pause_the_collection_until_it_is_resumed() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let at = saas.shop().clock.now() + 86_400;
    let pause = json!({ "id": id, "pause": { "behavior": "void", "resumesAt": at } });

    let own = saas.change("ada", "0", &pause).await;
    assert_eq!(own.code(403), "forbidden", "it would be free");
    let paused = saas.change_as("finance", "sam", "1", &pause).await;
    let paused = paused.expect(200).body;
    let resume = json!({ "id": id, "resume": true });
    let resumed = saas.change("ada", "2", &resume).await.expect(200).body;
    let nothing = saas.change("ada", "3", &resume).await;

    assert_eq!(paused["subscription"]["pause"], pause["pause"]);
    assert!(resumed["subscription"]["pause"].is_null());
    assert!(message(nothing).contains("`resume`"));
}

#[tokio::test]
async fn a_pause_without_an_end_is_made_and_can_be_sent_again() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let pause = json!({ "id": id, "pause": { "behavior": "void" } });

    let paused = saas.change_as("finance", "sam", "1", &pause).await;
    let again = saas.change_as("finance", "sam", "1", &pause).await;

    for answer in [paused, again] {
        let body = answer.expect(200).body;
        let pause = &body["subscription"]["pause"];
        assert_eq!(*pause, json!({ "behavior": "void", "resumesAt": null }));
    }
}

#[tokio::test]
async fn a_downgrade_waits_for_the_next_period_and_can_be_given_up() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let later =
        |price: &str| json!({ "id": id, "change": { "price": price, "when": "period_end" } });

    let scheduled = saas
        .change("ada", "1", &later("basic"))
        .await
        .expect(200)
        .body;
    let team = saas.shop().plan("team", 500, "month");
    let replaced = saas
        .change("ada", "2", &later(&team))
        .await
        .expect(200)
        .body;
    let again = saas
        .change("ada", "2", &later(&team))
        .await
        .expect(200)
        .body;
    let resume = json!({ "id": id, "resume": true });
    let resumed = saas.change("ada", "3", &resume).await.expect(200).body;

    for answer in [&scheduled, &replaced, &again] {
        assert_eq!(answer["subscription"]["hasScheduledChange"], true);
        assert_eq!(answer["subscription"]["items"][0]["lookupKey"], "pro");
    }
    assert_eq!(resumed["subscription"]["hasScheduledChange"], false);
}

#[tokio::test]
async fn whose_subscription_it_is_nobody_else_learns() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    for (role, caller) in [("customer", "eve")] {
        for id in [id.as_str(), "sub_none"] {
            let body = json!({ "id": id, "cancel": "now" });
            let answer = saas.change_as(role, caller, "1", &body).await;
            assert_eq!(answer.code(404), "not_found");
        }
    }
    let body = json!({ "id": id, "cancel": "period_end" });
    let support = saas.change_as("support", "sam", "1", &body).await;
    assert_eq!(support.code(403), "forbidden");
    let _ = saas
        .change_as("finance", "sam", "1", &body)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_wrong_change_names_the_field() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let stripe = &saas.shop().stripe;
    let archived = saas.shop().plan("old", 100, "month");
    stripe
        .change_price(&archived, json!({ "active": "false" }))
        .unwrap();
    let euro = json!({ "currency": "eur", "unit_amount": 500, "lookup_key": "euro",
        "recurring": { "interval": "month" }, "product_data": { "name": "euro" } });
    stripe.create_price(euro).unwrap();
    let once = json!({ "currency": "usd", "unit_amount": 500, "lookup_key": "once",
        "product_data": { "name": "once" } });
    stripe.create_price(once).unwrap();
    let change = |change: Value| json!({ "id": id, "change": change });
    for (body, field) in [
        (change(json!({})), "`change`"),
        (change(json!({ "price": "basic" })), "`change.price`"),
        (change(json!({ "quantity": 1 })), "`change.quantity`"),
        (change(json!({ "quantity": 0 })), "`change.quantity`"),
        (change(json!({ "price": "nothing" })), "`change.price`"),
        (change(json!({ "price": "old" })), "`change.price`"),
        (change(json!({ "price": "euro" })), "`change.price`"),
        (change(json!({ "price": "once" })), "`change.price`"),
        (
            change(json!({ "price": "pro", "item": "si_none" })),
            "`change.item`",
        ),
        (
            change(json!({ "price": "pro", "proration": "none" })),
            "`change.proration`",
        ),
        (
            change(json!({ "price": "pro", "when": "period_end",
                "proration": "always_invoice" })),
            "`change.proration`",
        ),
        (json!({ "id": id }), "`cancel`"),
        (
            json!({ "id": id, "cancel": "now", "resume": true }),
            "`cancel`",
        ),
        (json!({ "id": id, "cancel": "later" }), "`cancel`"),
        (json!({ "id": id, "resume": false }), "`resume`"),
        (
            json!({ "id": id, "pause": { "behavior": "void", "resumesAt": 1 } }),
            "`pause.resumesAt`",
        ),
        (json!({ "id": id, "cancel": null }), "`cancel`"),
        (
            json!({ "id": id, "customer": "cus_1", "cancel": "now" }),
            "`customer`",
        ),
    ] {
        let message = message(saas.change("ada", "wrong", &body).await);
        assert!(message.contains(field), "{body}: {message}");
    }
    let cancel = json!({ "id": id, "cancel": "now" });
    let no_key = saas.api.as_role("ada", "customer").post(&cancel).await;
    assert!(message(no_key).contains("`Idempotency-Key`"));
    let held = saas.read("ada", "refresh=true").await.expect(200).body;
    assert_eq!(held["subscriptions"][0]["items"][0]["lookupKey"], "basic");
    assert_eq!(held["subscriptions"][0]["status"], "active");
}

#[tokio::test]
async fn only_staff_defer_what_a_costlier_plan_costs() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let up = json!({ "id": id, "change": { "price": "pro", "proration": "create_prorations" } });
    let refused = saas.change("ada", "1", &up).await;
    assert!(message(refused).contains("`change.proration`"));

    let by_staff = saas.change_as("finance", "sam", "1", &up).await.expect(200);
    let down = json!({ "id": id, "change": { "price": "basic", "proration": "none" } });
    let cheaper = saas.change("ada", "2", &down).await.expect(200);

    assert_eq!(
        by_staff.body["subscription"]["items"][0]["lookupKey"],
        "pro"
    );
    assert_eq!(
        cheaper.body["subscription"]["items"][0]["lookupKey"],
        "basic"
    );
}

#[tokio::test]
async fn a_subscription_with_several_items_needs_the_name_of_one() {
    let saas = Saas::open().await;
    let customer = saas.shop().subscriber("ada", None, "pm_card_visa").await;
    let extra = saas.shop().plan("extra", 300, "month");
    let more = json!({ "items": [{ "price": saas.basic }, { "price": extra }] });
    let id = saas
        .shop()
        .subscribe_customer(&customer, &saas.basic, &more);
    saas.look(&id).await;
    let unnamed = json!({ "id": id, "change": { "quantity": 2 } });
    let refused = saas.change("ada", "1", &unnamed).await;
    assert!(message(refused).contains("`change.item`"));
    let read = saas.read("ada", "").await.expect(200).body;
    let items = read["subscriptions"][0]["items"]
        .as_array()
        .unwrap()
        .clone();
    let item = items
        .iter()
        .find(|item| item["lookupKey"] == "extra")
        .unwrap();

    let named = json!({ "id": id, "change": { "item": item["id"], "quantity": 2 } });
    let changed = saas.change("ada", "2", &named).await.expect(200).body;

    let of = |key: &str| {
        let items = changed["subscription"]["items"].as_array().unwrap();
        items.iter().find(|item| item["lookupKey"] == key).unwrap()["quantity"].clone()
    };
    assert_eq!((of("basic"), of("extra")), (json!(1), json!(2)));
}

#[tokio::test]
async fn a_change_for_the_next_period_is_made_when_that_begins() {
    const START: u64 = 1_790_000_000;
    let saas = Saas::open().await;
    let stripe = &saas.shop().stripe;
    let clock = text(&stripe.create_clock(START).unwrap()["id"]);
    let shop = saas.shop();
    let customer = shop.subscriber("ada", Some(&clock), "pm_card_visa").await;
    let id = shop.subscribe_customer(&customer, &saas.pro, &json!({}));
    saas.look(&id).await;
    let yearly = saas.shop().plan("basic_yearly", 9000, "year");
    let later = json!({ "id": id, "change": { "price": yearly, "when": "period_end" } });
    let scheduled = saas.change("ada", "1", &later).await.expect(200).body;
    assert_eq!(scheduled["subscription"]["items"][0]["lookupKey"], "pro");

    stripe.advance_clock(&clock, START + 32 * 86_400).unwrap();

    let read = saas.read("ada", "refresh=true").await.expect(200).body;
    let held = &read["subscriptions"][0];
    assert_eq!(held["items"][0]["lookupKey"], "basic_yearly");
    assert_eq!(held["latestInvoice"]["amountPaid"], 9000);
    assert_eq!(held["status"], "active");
}

#[tokio::test]
async fn an_old_request_that_comes_again_drops_no_later_change() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let seats = json!({ "id": id, "change": { "quantity": 2 } });
    let _ = saas.change("ada", "1", &seats).await.expect(200);
    let later = json!({ "id": id, "change": { "price": "basic", "when": "period_end" } });
    let _ = saas.change("ada", "2", &later).await.expect(200);

    let again = saas.change("ada", "1", &seats).await.expect(200).body;

    assert_eq!(again["subscription"]["hasScheduledChange"], true);
    assert_eq!(again["subscription"]["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn a_schedule_that_was_created_without_its_change_gets_it_by_the_same_request() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let later = json!({ "id": id, "change": { "price": "basic", "when": "period_end" } });
    let down = Fault::error().on("POST", "/v1/subscription_schedules/");
    saas.shop().stripe.inject(down.times(50));
    let refused = saas.change("ada", "1", &later).await;
    assert_eq!(refused.code(503), "unavailable");
    saas.shop().stripe.clear_faults();
    let schedules = |method: &str| {
        let requests = saas.shop().stripe.requests().into_iter();
        let to = requests.filter(|one| one.path.starts_with("/v1/subscription_schedules"));
        to.filter(|one| one.method == method)
            .map(|one| one.params)
            .last()
            .unwrap()
    };

    let answer = saas.change("ada", "1", &later).await.expect(200).body;

    assert_eq!(answer["subscription"]["hasScheduledChange"], true);
    let plan = schedules("POST");
    assert_eq!(plan["end_behavior"], "release");
    assert_eq!(plan["phases"][1]["items"][0]["price"], json!(saas.basic));
    assert_eq!(plan["phases"][0]["items"][0]["price"], json!(saas.pro));
}
