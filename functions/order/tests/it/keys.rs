//! Keys in Secrets Manager beside an issuer of tokens: the site's key may be left out there too.

use order::{FUNCTION, service};
use testing::{Client, Issuer, SecretsManager, Shop, SigningKey};

use crate::Api;

/// A page whose secret holds the site's key, or not.
async fn page(key: &SigningKey, has_site_key: bool) -> (Api, Issuer, SecretsManager) {
    let issuer = Issuer::start(&[key]).await;
    let mut shop = Shop::open_with(&issuer.variables()).await.at_fixed_time();
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    let mut bundle = Shop::bundle();
    if !has_site_key {
        bundle.as_object_mut().unwrap().remove("FAREBOX_SITE_KEY");
    }
    manager.put(&bundle);
    let app = shop.app();
    let client = Client::of(service(app)).await;
    (Api { shop, client }, issuer, manager)
}

#[tokio::test]
async fn with_an_issuer_the_secret_may_hold_no_site_key_and_is_read_where_it_does() {
    let key = SigningKey::p256("k");
    for (has_site_key, status) in [(true, 404), (false, 401)] {
        let (page, _issuer, _manager) = page(&key, has_site_key).await;
        let now = page.shop.clock.now();
        let issuers = key.sign(&Issuer::claims("ada", now));
        // There is no order; whoever asks is known.
        assert_eq!(page.read_with(&issuers).await.status, 404);
        assert_eq!(page.read("ada", "/?id=o_1").await.status, status);
    }
}

#[tokio::test]
async fn without_an_issuer_a_secret_that_lacks_the_site_key_is_our_failure() {
    let mut shop = Shop::open().await;
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    let mut bundle = Shop::bundle();
    bundle.as_object_mut().unwrap().remove("FAREBOX_SITE_KEY");
    manager.put(&bundle);
    let app = shop.app();
    let client = Client::of(service(app)).await;
    let page = Api { shop, client };
    assert_eq!(page.read("ada", "/?id=o_1").await.code(503), "unavailable");
}
