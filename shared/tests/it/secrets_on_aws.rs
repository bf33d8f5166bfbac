//! The same keys, read from a Secrets Manager that this project did not write.

use aws_sdk_secretsmanager::{Client, primitives::Blob};
use secrecy::ExposeSecret as _;
use serde_json::json;
use shared::{Config, Secrets, env::need, secrets::Cause};
use testing::{Shop, pass};

const NEEDS: &[&str] = &[need::STRIPE_SECRET_KEY, need::STRIPE_WEBHOOK_SECRET];

/// The settings of a process that reads its keys in the secret `id`.
fn config(id: &str) -> Config {
    let endpoint = std::env::var("FAREBOX_TEST_SECRETSMANAGER")
        .expect("FAREBOX_TEST_SECRETSMANAGER is the URL of a stand-in for Secrets Manager");
    let config = Config::from_lookup(NEEDS, |name| {
        let value = match name {
            "FAREBOX_SECRET_ID" => id,
            "AWS_ENDPOINT_URL" => &endpoint,
            "AWS_REGION" => "us-east-1",
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "test",
            _ => return None,
        };
        Some(value.to_owned())
    });
    config.unwrap()
}

/// A secret of this test's own, and what an operator changes it by.
struct Bundle {
    client: Client,
    name: String,
    arn: String,
}

impl Bundle {
    async fn create() -> Self {
        let name = format!("farebox/test-{:016x}", fastrand::u64(..));
        let client = Client::new(&config(&name).aws.unwrap().config());
        let request = client.create_secret().name(&name);
        let created = request.secret_string(Shop::bundle().to_string()).send();
        let arn = Box::pin(created).await.unwrap().arn.unwrap();
        Self { client, name, arn }
    }

    async fn put(&self, name: &str, value: &str) {
        let mut bundle = Shop::bundle();
        bundle[name] = json!(value);
        let request = self.client.put_secret_value().secret_id(&self.name);
        let put = request.secret_string(bundle.to_string()).send();
        Box::pin(put).await.unwrap();
    }
}

async fn api_key(secrets: &Secrets) -> String {
    let keys = secrets.current().await.unwrap();
    keys.stripe_secret_key().unwrap().expose_secret().to_owned()
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn keys_are_read_by_name_or_arn_and_followed_when_they_change() {
    let bundle = Bundle::create().await;
    for id in [&bundle.name, &bundle.arn] {
        bundle.put("STRIPE_SECRET_KEY", Shop::SECRET_KEY).await;
        let secrets = config(id).secrets;
        assert_eq!(api_key(&secrets).await, Shop::SECRET_KEY);

        bundle.put("STRIPE_SECRET_KEY", "rk_test_next").await;
        assert_eq!(api_key(&secrets).await, Shop::SECRET_KEY);
        pass(std::time::Duration::from_secs(300)).await;
        assert_eq!(api_key(&secrets).await, "rk_test_next");

        let old = secrets.current().await.unwrap();
        bundle.put("STRIPE_WEBHOOK_SECRET", "whsec_next").await;
        let newer = secrets.newer_than(&old, Cause::UnknownSignature).await;
        let newer = newer.expect("there is a newer one");
        let [secret] = newer.stripe_webhook_secrets().unwrap() else {
            panic!("not exactly one")
        };
        assert_eq!(secret.expose_secret(), "whsec_next");
    }
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn a_secret_that_is_gone_or_binary_or_was_never_there_is_told_as_that() {
    let said = async |bundle: &str| {
        let failure = config(bundle).secrets.current().await.unwrap_err();
        assert!(!failure.is_transient(), "{failure}");
        failure.to_string()
    };
    let missing = said("farebox/never-there").await;
    assert!(missing.contains("there is no such secret"), "{missing}");

    let bundle = Bundle::create().await;
    let request = bundle.client.put_secret_value().secret_id(&bundle.name);
    let put = request.secret_binary(Blob::new([0, 1, 2])).send();
    Box::pin(put).await.unwrap();
    let binary = said(&bundle.name).await;
    assert!(binary.contains("it is binary"), "{binary}");

    let request = bundle.client.delete_secret().secret_id(&bundle.name);
    Box::pin(request.send()).await.unwrap();
    let deleted = said(&bundle.name).await;
    assert!(deleted.contains("deleted"), "{deleted}");
}
