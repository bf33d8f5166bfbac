//! `cargo dev doctor` against a sandbox of Stripe: as the real program, or in this process where a
//! test sets the clock.

use std::{
    fs,
    process::{Command, Output},
};

use farebox::doctor::{Outcome, examine};
use http_body_util::{BodyExt as _, Full};
use hyper::{Method, Request};
use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use shared::{
    Clock,
    event::{ACTED_ON, OF_SUBSCRIPTIONS},
    http,
    stripe::api_version,
};
use testing::Shop;

const URL: &str = "http://127.0.0.1:9/api/webhooks/stripe";

/// Calls the API of the sandbox.
async fn call(shop: &Shop, method: Method, path: &str, form: String) -> Value {
    let request = Request::builder()
        .method(method)
        .uri(format!("{}{path}", shop.stripe.url()))
        .header("authorization", format!("Bearer {}", Shop::SECRET_KEY))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Full::from(form))
        .unwrap();
    let response = http::pooled_client().request(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

/// Creates an endpoint for `events` at API version `version`; returns its id.
async fn endpoint(shop: &Shop, events: &[&str], version: &str) -> String {
    let events: String = events
        .iter()
        .map(|event| format!("&enabled_events[]={event}"))
        .collect();
    let form = format!("url={URL}{events}&api_version={version}");
    let made = call(shop, Method::POST, "/v1/webhook_endpoints", form).await;
    made["id"].as_str().expect("it is made").to_owned()
}

/// A shop with valid settings, and no webhook endpoint.
async fn without_endpoint() -> Shop {
    let shop = Shop::open().await;
    register(&shop, "shop.example").await;
    shop
}

/// Registers a domain for wallets.
async fn register(shop: &Shop, domain: &str) {
    let form = format!("domain_name={domain}");
    let made = call(shop, Method::POST, "/v1/payment_method_domains", form).await;
    assert_eq!(made["enabled"], true, "{made}");
}

/// A shop with valid settings and a webhook endpoint.
async fn shop() -> Shop {
    let shop = without_endpoint().await;
    endpoint(&shop, &ACTED_ON, api_version()).await;
    shop
}

/// Runs doctor for `shop` with changed variables; returns its output, and whether it found a
/// problem.
async fn doctor(shop: &Shop, changes: &[(&str, &str)]) -> (String, bool) {
    let mut environment = shop.environment().clone();
    for (name, value) in changes {
        match value.is_empty() {
            true => environment.remove(*name),
            false => environment.insert((*name).to_owned(), (*value).to_owned()),
        };
    }
    let folder = shop.folder().join("cli");
    let run = move || {
        Command::new(env!("CARGO_BIN_EXE_farebox"))
            .args(["doctor", "--url", URL])
            .env_clear()
            .env("CARGO_MANIFEST_DIR", folder)
            .envs(environment)
            .output()
            .expect("it ends")
    };
    let output: Output = tokio::task::spawn_blocking(run).await.expect("it ends");
    let said = String::from_utf8(output.stdout).unwrap();
    for secret in [
        Shop::SECRET_KEY,
        Shop::WEBHOOK_SECRET,
        Shop::SITE_KEY,
        Shop::NOTIFY_SECRET,
    ] {
        assert!(!said.contains(secret), "{said}");
    }
    let code = output.status.code().expect("it ends by itself");
    assert!(code < 2, "{code}: {said}");
    (said, code == 1)
}

/// The only line that is not `ok`.
#[track_caller]
fn only_line(said: &str) -> &str {
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("ok "))
        .collect();
    let [line] = lines.as_slice() else {
        panic!("not one line: {said}")
    };
    line
}

#[tokio::test]
async fn when_all_is_well_every_line_says_so_and_nothing_changed_at_stripe() {
    let shop = shop().await;

    let (said, is_problem) = doctor(&shop, &[]).await;

    assert!(!is_problem, "{said}");
    assert!(said.lines().count() >= 12, "{said}");
    assert!(said.lines().all(|line| line.starts_with("ok ")), "{said}");
    assert!(shop.stripe.payment_intents().is_empty() && shop.stripe.events().is_empty());
}

#[tokio::test]
async fn the_settings_come_from_the_env_file_too() {
    let shop = shop().await;
    let line = format!("FAREBOX_SITE_KEY={}\n", Shop::SITE_KEY);
    fs::write(shop.folder().join(".env"), line).unwrap();

    let (said, is_problem) = doctor(&shop, &[("FAREBOX_SITE_KEY", "")]).await;

    assert!(!is_problem, "{said}");
}

#[tokio::test]
async fn a_misspelt_database_url_is_reported() {
    let shop = shop().await;
    let changes = [("DATABASE_URL", ""), ("DATABASE_URI", "sqlite:elsewhere")];

    let (said, is_problem) = doctor(&shop, &changes).await;

    assert!(is_problem, "{said}");
    assert!(said.contains("DATABASE_URL: is not set"), "{said}");
    let hint = "DATABASE_URI: is not a setting: did you mean DATABASE_URL?";
    assert!(said.contains(hint), "{said}");
}

#[tokio::test]
async fn a_key_that_stripe_does_not_know_is_told() {
    let shop = shop().await;
    shop.stripe.inject(Fault::unauthorized().times(0));

    let (said, is_problem) = doctor(&shop, &[]).await;

    assert!(
        is_problem && said.contains("problem  Stripe: does not accept the key"),
        "{said}"
    );
    assert!(said.contains("unknown  permissions and endpoint"), "{said}");
}

#[tokio::test]
async fn a_stripe_that_cannot_be_reached_is_reported() {
    let shop = shop().await;
    let (said, is_problem) = doctor(&shop, &[("STRIPE_API_BASE", "http://127.0.0.1:9")]).await;
    assert!(
        is_problem && said.contains("http://127.0.0.1:9 cannot be reached"),
        "{said}"
    );
}

#[tokio::test]
async fn each_permission_that_a_restricted_key_lacks_is_reported() {
    let shop = shop().await;
    for (method, path, line, is_needed) in [
        (
            "POST",
            "/v1/payment_intents",
            "PaymentIntents: write (create-intent, capture, cancel, webhook, order)",
            true,
        ),
        ("GET", "/v1/prices", "Prices: read (create-intent)", true),
        (
            "GET",
            "/v1/products",
            "Products: read (create-intent)",
            true,
        ),
        ("GET", "/v1/events", "Events: read (reconcile)", true),
        (
            "GET",
            "/v1/payment_methods",
            "PaymentMethods: read (customer, create-intent)",
            true,
        ),
        (
            "GET",
            "/v1/refunds",
            "Refunds: read (webhook, reconcile, order)",
            true,
        ),
        (
            "GET",
            "/v1/charges",
            "Charges: read (refund, webhook)",
            false,
        ),
        (
            "GET",
            "/v1/subscriptions",
            "Subscriptions: read (create-checkout)",
            false,
        ),
        ("GET", "/v1/disputes", "Disputes: read (webhook)", false),
        (
            "GET",
            "/v1/radar/early_fraud_warnings",
            "Early fraud warnings: read (webhook)",
            false,
        ),
        ("GET", "/v1/reviews", "Reviews: read (webhook)", false),
        ("GET", "/v1/webhook_endpoints", "webhook endpoint", false),
    ] {
        let restricted = Fault::restricted();
        shop.stripe.inject(restricted.on(method, path).times(0));

        let (said, is_problem) = doctor(&shop, &[]).await;

        let word = if is_needed { "problem" } else { "unknown" };
        let expected = format!("{word:<8} {line}: the restricted key ");
        assert!(only_line(&said).starts_with(&expected), "{said}");
        assert_eq!(is_problem, is_needed);
        shop.stripe.clear_faults();
    }
}

#[tokio::test]
async fn a_shop_with_plans_is_told_which_permissions_of_subscriptions_its_key_lacks() {
    let shop = without_endpoint().await;
    let events = [&ACTED_ON[..], &OF_SUBSCRIPTIONS].concat();
    endpoint(&shop, &events, api_version()).await;
    shop.plan("pro", 1900, "month");
    let (said, is_problem) = doctor(&shop, &[]).await;
    assert!(!is_problem, "{said}");
    assert!(said.lines().all(|line| line.starts_with("ok ")), "{said}");
    for (method, path, line, is_needed) in [
        (
            "GET",
            "/v1/subscriptions",
            "Subscriptions: read (create-checkout, subscription, webhook, reconcile)",
            true,
        ),
        (
            "GET",
            "/v1/invoices",
            "Invoices: read (subscription, webhook, reconcile)",
            true,
        ),
        (
            "POST",
            "/v1/subscriptions",
            "Subscriptions: write (subscription)",
            false,
        ),
        (
            "POST",
            "/v1/subscription_schedules",
            "Subscription schedules: write (subscription, create-checkout)",
            false,
        ),
        (
            "POST",
            "/v1/invoices/create_preview",
            "Invoices: write (subscription)",
            false,
        ),
        (
            "GET",
            "/v1/entitlements/features",
            "Entitlements: read (webhook, reconcile)",
            false,
        ),
        (
            "GET",
            "/v1/billing/meters",
            "Billing meters: read (usage, notify)",
            false,
        ),
        (
            "POST",
            "/v1/billing/meter_events",
            "Billing meter events: write (usage, notify)",
            false,
        ),
    ] {
        let restricted = Fault::restricted();
        shop.stripe.inject(restricted.on(method, path).times(0));

        let (said, is_problem) = doctor(&shop, &[]).await;

        let word = if is_needed { "problem" } else { "unknown" };
        let expected = format!("{word:<8} {line}: the restricted key ");
        assert!(only_line(&said).starts_with(&expected), "{said}");
        assert_eq!(is_problem, is_needed);
        shop.stripe.clear_faults();
    }
    assert!(shop.stripe.subscriptions().is_empty() && shop.stripe.invoices().is_empty());
}

#[tokio::test]
async fn an_endpoint_without_events_of_subscriptions_is_reported_to_a_shop_with_plans() {
    let shop = shop().await;
    shop.plan("pro", 1900, "month");

    let (said, is_problem) = doctor(&shop, &[]).await;

    let line = only_line(&said);
    assert!(
        line.starts_with("unknown  webhook endpoint, subscriptions: "),
        "{said}"
    );
    assert!(line.contains("until the next run of reconcile"), "{said}");
    for kind in OF_SUBSCRIPTIONS {
        assert!(line.contains(kind), "{kind}: {said}");
    }
    assert!(!is_problem, "reconcile fetches them");
}

/// A shop with a checkout file of these contents.
async fn shop_with(checkout: &Value) -> (Shop, String) {
    let shop = shop().await;
    let path = shop.folder().join("checkout.json");
    fs::write(&path, checkout.to_string()).unwrap();
    (shop, path.display().to_string())
}

#[tokio::test]
async fn a_permission_that_only_some_options_need_is_checked_with_those() {
    let cases = [
        (
            "invoices",
            "unknown  Invoices: read (webhook, reconcile, order)",
            json!({ "invoice_creation": { "enabled": true } }),
        ),
        (
            "coupons",
            "problem  Coupons: read (create-checkout)",
            json!({ "discounts": [{ "coupon": "summer" }] }),
        ),
        (
            "promotion_codes",
            "problem  Promotion codes: read (create-checkout)",
            json!({ "discounts": [{ "promotion_code": "promo_1" }] }),
        ),
        (
            "shipping_rates",
            "problem  Shipping rates: read (create-checkout)",
            json!({ "choices": { "shipping_rate": ["shr_1"] } }),
        ),
    ];
    for (kind, line, options) in cases {
        let (shop, path) = shop_with(&options).await;
        let restricted = Fault::restricted();
        let list = format!("/v1/{kind}");
        shop.stripe.inject(restricted.on("GET", &list).times(0));

        let (said, _) = doctor(&shop, &[("FAREBOX_CHECKOUT", &path)]).await;
        let expected = format!("{line}: the restricted key lacks this permission");
        assert!(said.contains(&expected), "{said}");

        let (said, is_problem) = doctor(&shop, &[]).await;
        let (_, permission) = line.split_once("  ").unwrap();
        assert!(!is_problem && !said.contains(permission), "{said}");
    }
}

#[tokio::test]
async fn an_object_that_the_options_name_is_looked_up_at_stripe() {
    let options = json!({ "discounts": [{ "coupon": "summer" }] });
    let (shop, path) = shop_with(&options).await;
    let changes = [("FAREBOX_CHECKOUT", path.as_str())];

    let (said, is_problem) = doctor(&shop, &changes).await;
    let expected = "problem  checkout option discounts[0].coupon: does not exist at Stripe";
    assert!(
        is_problem && only_line(&said).starts_with(expected),
        "{said}"
    );

    let form = "id=summer&percent_off=10&duration=once&max_redemptions=1".to_owned();
    call(&shop, Method::POST, "/v1/coupons", form).await;
    let (said, is_problem) = doctor(&shop, &changes).await;
    let expected = "ok       checkout option discounts[0].coupon: can be used at Stripe";
    assert!(!is_problem && said.contains(expected), "{said}");
}

#[tokio::test]
async fn tax_that_stripe_cannot_calculate_or_collects_nowhere_is_reported() {
    let options = json!({
        "automatic_tax": { "enabled": true },
        "customer_update": { "address": "auto" },
    });
    let (shop, path) = shop_with(&options).await;
    let changes = [("FAREBOX_CHECKOUT", path.as_str())];
    let (said, _) = doctor(&shop, &[]).await;
    assert!(!said.contains("Tax"), "{said}");

    let (said, is_problem) = doctor(&shop, &changes).await;
    assert!(is_problem, "{said}");
    for expected in [
        "problem  Stripe Tax (create-checkout): is not active in this mode, and `automatic_tax` \
         asks for it; missing: head_office:",
        "problem  tax registrations (create-checkout): none is active in this mode:",
    ] {
        assert!(said.contains(expected), "{said}");
    }

    let form = "head_office[address][country]=DE".to_owned();
    call(&shop, Method::POST, "/v1/tax/settings", form).await;
    let (said, is_problem) = doctor(&shop, &changes).await;
    assert!(is_problem, "{said}");
    assert!(only_line(&said).contains("tax registrations"), "{said}");

    let form = "country=DE&country_options[de][type]=standard&active_from=now".to_owned();
    call(&shop, Method::POST, "/v1/tax/registrations", form).await;
    let (said, is_problem) = doctor(&shop, &changes).await;
    assert!(!is_problem, "{said}");
    assert!(said.lines().all(|line| line.starts_with("ok ")), "{said}");
}

#[tokio::test]
async fn an_endpoint_that_does_not_deliver_all_is_reported() {
    let without_refunds: Vec<&str> = ACTED_ON
        .into_iter()
        .filter(|kind| !kind.contains("refund"))
        .collect();
    let missing =
        "these events are missing: charge.refunded, refund.created, refund.failed, refund.updated";
    let shop = without_endpoint().await;
    endpoint(&shop, &without_refunds, api_version()).await;
    let (said, is_problem) = doctor(&shop, &[]).await;
    assert!(is_problem && only_line(&said).contains(missing), "{said}");

    let shop = without_endpoint().await;
    let (said, is_problem) = doctor(&shop, &[]).await;
    assert!(
        is_problem && only_line(&said).contains("none has this URL"),
        "{said}"
    );
    let id = endpoint(&shop, &["*"], api_version()).await;
    let path = format!("/v1/webhook_endpoints/{id}");
    call(&shop, Method::POST, &path, "disabled=true".to_owned()).await;
    let (said, is_problem) = doctor(&shop, &[]).await;
    assert!(
        is_problem && only_line(&said).contains("it is disabled"),
        "{said}"
    );
}

#[tokio::test]
async fn an_endpoint_may_be_of_any_version_and_is_well_at_one_of_our_release() {
    let (_, release) = api_version().split_once('.').unwrap();
    for (version, is_well) in [
        (api_version().to_owned(), true),
        (format!("2027-01-28.{release}"), true),
        ("2027-01-28.zzyzx".to_owned(), false),
        ("2020-08-27".to_owned(), false),
    ] {
        let shop = without_endpoint().await;
        endpoint(&shop, &["*"], &version).await;
        let (said, is_problem) = doctor(&shop, &[]).await;
        assert!(!is_problem && said.contains(&version), "{said}");
        match is_well {
            true => assert!(said.lines().all(|line| line.starts_with("ok ")), "{said}"),
            false => assert!(only_line(&said).contains("--api-version"), "{said}"),
        }
    }
}

#[tokio::test]
async fn a_portal_whose_settings_were_never_saved_is_reported() {
    let shop = shop().await;
    let bare = Sandbox::start().await;
    let findings = doctor(&shop, &[("STRIPE_API_BASE", bare.url())]).await.0;
    let expected = "problem  customer portal (portal): its settings were never saved in this mode";
    assert!(findings.contains(expected), "{findings}");
}

#[tokio::test]
async fn a_domain_without_wallets_is_reported_and_is_no_problem() {
    let shop = shop().await;
    register(&shop, "unverified.shop.example").await;
    for (origin, expected) in [
        ("https://pay.shop.example", "is not registered in this mode"),
        (
            "https://unverified.shop.example",
            "is registered, and not active for Apple Pay, Google Pay, Link",
        ),
    ] {
        let domain = origin.trim_start_matches("https://");
        let (said, is_problem) = doctor(&shop, &[("FAREBOX_RETURN_ORIGINS", origin)]).await;
        let line = only_line(&said);
        assert!(!is_problem && line.contains(expected), "{said}");
        assert!(line.contains(domain), "{said}");
    }
    let local = [(
        "FAREBOX_RETURN_ORIGINS",
        "http://127.0.0.1:3000,http://localhost:3000",
    )];
    let (said, _) = doctor(&shop, &local).await;
    assert!(!said.contains("payment method domain"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_reported_and_not_created() {
    let shop = shop().await;
    let elsewhere = shop.folder().join("elsewhere.sqlite");
    let store = format!("sqlite:{}", elsewhere.display());

    let (said, is_problem) = doctor(&shop, &[("DATABASE_URL", &store)]).await;

    assert!(
        is_problem && only_line(&said).contains("there is no such file"),
        "{said}"
    );
    assert!(!elsewhere.exists());
    fs::write(
        &elsewhere,
        "not a database at all, but some text that is long enough",
    )
    .unwrap();
    let (said, is_problem) = doctor(&shop, &[("DATABASE_URL", &store)]).await;
    assert!(
        is_problem && only_line(&said).contains("cannot be opened"),
        "{said}"
    );
}

#[tokio::test]
async fn settings_that_are_missing_or_mixed_are_reported_by_name() {
    let shop = shop().await;
    let absent = [("STRIPE_WEBHOOK_SECRET", ""), ("FAREBOX_NOTIFY_URL", "")];
    let (said, is_problem) = doctor(&shop, &absent).await;
    assert!(is_problem, "{said}");
    for (name, _) in absent {
        assert!(
            said.contains(&format!("problem  {name}: is not set")),
            "{said}"
        );
    }

    let mixed = [("STRIPE_PUBLISHABLE_KEY", "pk_live_0123456789")];
    let (said, is_problem) = doctor(&shop, &mixed).await;
    assert!(
        is_problem && said.contains("STRIPE_PUBLISHABLE_KEY"),
        "{said}"
    );
    assert!(!said.contains("0123456789"), "{said}");
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_ten_minutes_is_reported() {
    let shop = shop().await;
    let now = Clock::default().now();
    for (clock, expected) in [
        (now + 600, " s ahead of Stripe's"),
        (now - 600, " s behind Stripe's"),
    ] {
        let findings = examine(&shop.config, Some(URL), &Clock::fixed(clock)).await;
        let line: Vec<String> = findings
            .iter()
            .filter(|finding| finding.outcome() != Outcome::Ok)
            .map(ToString::to_string)
            .collect();
        let [line] = &line[..] else {
            panic!("not one line: {line:?}")
        };
        assert!(
            line.starts_with("problem  clock: ") && line.contains(expected),
            "{line}"
        );
    }
}

#[test]
fn an_invalid_option_gets_the_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_farebox"))
        .args(["doctor", "--rul", URL])
        .output()
        .expect("it ends");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("farebox doctor")
    );
}
