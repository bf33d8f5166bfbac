//! Tax settings and registrations.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{api, text};

const REGISTRATIONS: &str = "/v1/tax/registrations";

#[tokio::test]
async fn tax_settings_become_active_with_a_head_office() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let path = "/v1/tax/settings";

    let new = api.get(path).await.ok();
    assert_eq!(
        (text(&new, "object"), text(&new, "status")),
        ("tax.settings", "pending")
    );
    let missing = json!({ "pending": { "missing_fields": ["head_office"] } });
    assert_eq!(new["status_details"], missing);
    assert!(new.get("id").is_none(), "{new}");

    let half = api
        .post(path, &[("head_office[address][city]", "Bonn")])
        .await;
    assert_eq!(
        (half.status, text(&half.body["error"], "param")),
        (400, "head_office[address][country]")
    );
    let form = [
        ("head_office[address][country]", "DE"),
        ("defaults[tax_behavior]", "inclusive"),
    ];
    let saved = api.post(path, &form).await.ok();
    assert_eq!(saved["status_details"], json!({ "active": {} }));
    assert_eq!(saved["head_office"]["address"]["country"], "DE");
    let code = [("defaults[tax_code]", "txcd_99999999")];
    api.post(path, &code).await.ok();
    let saved = api.get(path).await.ok();
    assert_eq!(text(&saved, "status"), "active");
    let defaults = json!({ "tax_behavior": "inclusive", "tax_code": "txcd_99999999" });
    assert_eq!(saved["defaults"], defaults);
}

#[tokio::test]
async fn a_registration_is_active_from_its_time_until_it_expires() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let place = [
        ("country", "DE"),
        ("country_options[de][type]", "oss_union"),
    ];
    let with = |at| [place[0], place[1], ("active_from", at)];

    let active = api.post(REGISTRATIONS, &with("now")).await.ok();
    let scheduled = api.post(REGISTRATIONS, &with("32503680000")).await.ok();
    assert_eq!(text(&active, "status"), "active");
    assert_eq!(
        active["country_options"],
        json!({ "de": { "type": "oss_union" } })
    );
    assert_eq!(text(&scheduled, "status"), "scheduled");
    let listed = api
        .get(&format!("{REGISTRATIONS}?status=active"))
        .await
        .ok();
    assert_eq!(listed["data"], json!([active]));

    let own = format!("{REGISTRATIONS}/{}", text(&active, "id"));
    api.post(&own, &[("expires_at", "now")]).await.ok();
    assert_eq!(text(&api.get(&own).await.ok(), "status"), "expired");
    let listed = api
        .get(&format!("{REGISTRATIONS}?status=active"))
        .await
        .ok();
    assert_eq!(listed["data"], json!([]));
    let all = api.get(REGISTRATIONS).await.ok();
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_registration_needs_its_countrys_options_and_a_start() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (form, param) in [
        (vec![("active_from", "now")], "country"),
        (vec![("country", "DE")], "country_options"),
        (
            vec![("country", "DE"), ("country_options[at][type]", "standard")],
            "country_options[de]",
        ),
        (
            vec![("country", "DE"), ("country_options[de][type]", "standard")],
            "active_from",
        ),
    ] {
        let refused = api.post(REGISTRATIONS, &form).await;
        let error = &refused.body["error"];
        assert_eq!(
            (refused.status, text(error, "param")),
            (400, param),
            "{form:?}"
        );
    }
}
