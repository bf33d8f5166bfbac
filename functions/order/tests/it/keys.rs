//! Keys in Secrets Manager beside an issuer of tokens: the site's key may be left out there too.

use order::{FUNCTION, service};
use testing::{Issuer, SecretsManager, Shop, SigningKey, TestServer};

use crate::{read, read_with};

/// The function behind an issuer, with the site's key in its secret or without.
async fn start(key: &SigningKey, has_site_key: bool) -> (TestServer, Issuer, SecretsManager) {
    let issuer = Issuer::start(&[key]).await;
    let mut shop = Shop::open_with(&issuer.variables()).await.at_fixed_time();
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    let mut bundle = Shop::bundle();
    if !has_site_key {
        bundle.as_object_mut().unwrap().remove("FAREBOX_SITE_KEY");
    }
    manager.put(&bundle);
    (TestServer::over(shop, service).await, issuer, manager)
}

#[tokio::test]
async fn with_an_issuer_the_secret_may_hold_no_site_key_and_is_read_where_it_does() {
    let key = SigningKey::p256("k");
    for (has_site_key, status) in [(true, 404), (false, 401)] {
        let (api, _issuer, _manager) = start(&key, has_site_key).await;
        let now = api.shop.clock.now();
        let issuers = key.sign(&Issuer::claims("ada", now));
        // There is no order: 404 means that the caller was authenticated.
        assert_eq!(read_with(&api, &issuers).await.status, 404);
        assert_eq!(read(&api, "ada", "/?id=o_1").await.status, status);
    }
}

#[tokio::test]
async fn without_an_issuer_a_secret_that_lacks_the_site_key_is_our_failure() {
    let mut shop = Shop::open().await;
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    let mut bundle = Shop::bundle();
    bundle.as_object_mut().unwrap().remove("FAREBOX_SITE_KEY");
    manager.put(&bundle);
    let api = TestServer::over(shop, service).await;
    assert_eq!(read(&api, "ada", "/?id=o_1").await.code(503), "unavailable");
}
