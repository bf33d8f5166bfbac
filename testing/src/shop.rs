//! A shop to test with: Stripe as a sandbox, a database on a real file, settings and a clock.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use sandbox::Sandbox;
use serde_json::{Value, json};
use shared::{
    App, Clock, Config,
    store::Store,
    stripe::{RetryPolicy, Stripe},
};
use tempfile::TempDir;

use crate::{SecretsManager, tokens};

/// When a fixed clock begins, in Unix seconds.
pub const NOW: i64 = 1_790_000_000;

/// A shop with test keys, its catalogue and no orders.
#[derive(Debug)]
pub struct Shop {
    /// Stripe; shops may share it.
    pub stripe: Arc<Sandbox>,
    /// The settings that all functions share.
    pub config: Config,
    /// Where orders, events and the outbox live.
    pub store: Store,
    /// The machine's clock, unless the shop was opened with another.
    pub clock: Clock,
    variables: BTreeMap<String, String>,
    folder: TempDir,
}

impl Shop {
    /// The key by which the site's server signs tokens.
    pub const SITE_KEY: &'static str = "the-site-key-of-the-tests-0123456789";
    /// Stripe's secret key.
    pub const SECRET_KEY: &'static str = "sk_test_farebox0123456789";
    /// Stripe's publishable key.
    pub const PUBLISHABLE_KEY: &'static str = "pk_test_farebox0123456789";
    /// The secret of the webhook endpoint.
    pub const WEBHOOK_SECRET: &'static str = "whsec_farebox0123456789";
    /// The secret by which deliveries to the site are signed.
    pub const NOTIFY_SECRET: &'static str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz";

    /// Opens a shop.
    ///
    /// # Panics
    ///
    /// When the sandbox or the database does not start.
    pub async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// Opens a shop with other values for some variables; a blank value removes one.
    ///
    /// # Panics
    ///
    /// When the settings are wrong, or the sandbox or the database does not start.
    pub async fn open_with(changes: &[(&str, &str)]) -> Self {
        let stripe = Sandbox::builder()
            .retry_base(Duration::from_millis(20))
            .start()
            .await
            .expect("a free port is there");
        // A shop with plans has more to set up: a test that needs them adds them.
        let products = sandbox::demo_catalogue().into_iter();
        for price in products.filter(|price| !price.recurring) {
            stripe.add_price(price);
        }
        stripe.save_portal_settings();
        Self::open_over(Arc::new(stripe), changes).await
    }

    /// Opens another shop on the Stripe account of this one: the same keys, and a database of its
    /// own.
    ///
    /// # Panics
    ///
    /// When the database does not start.
    pub async fn open_beside(&self) -> Self {
        Self::open_over(Arc::clone(&self.stripe), &[]).await
    }

    /// Opens the shop again over a restored copy of its database, with the same keys and Stripe
    /// account.
    ///
    /// # Panics
    ///
    /// When the database does not open.
    pub async fn open_restored(&self, copy: &Path) -> Self {
        let database = format!("sqlite:{}", copy.display());
        Self::open_over(Arc::clone(&self.stripe), &[("DATABASE_URL", &database)]).await
    }

    async fn open_over(stripe: Arc<Sandbox>, changes: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let mut variables = variables(stripe.url(), folder.path().join("farebox.sqlite"));
        for (name, value) in changes {
            match value.is_empty() {
                true => variables.remove(*name),
                false => variables.insert((*name).to_owned(), (*value).to_owned()),
            };
        }
        let config = Config::from_lookup(&[], |name| variables.get(name).cloned());
        let config = config.expect("the settings are right");
        let migrated = Store::migrate(&config.store, &config.secrets).await;
        migrated.expect("the database has its tables");
        let store = Store::open(&config.store, config.aws.as_ref(), &config.secrets)
            .await
            .expect("the database opens");
        Self {
            stripe,
            config,
            store,
            clock: Clock::default(),
            variables,
            folder,
        }
    }

    /// The same shop with a clock that stands at [`NOW`].
    #[must_use]
    pub fn at_fixed_time(mut self) -> Self {
        self.clock = Clock::fixed(NOW);
        self
    }

    /// Starts Secrets Manager with the keys of this shop, and makes the shop read there those among
    /// `needs` (a function's `NEEDS`), instead of from its environment.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn keep_keys_in_secrets_manager(&mut self, needs: &[&'static str]) -> SecretsManager {
        let manager = SecretsManager::start(&Self::bundle()).await;
        let bundle = Self::bundle();
        self.variables.retain(|name, _| bundle.get(name).is_none());
        self.variables.extend(manager.variables());
        self.config = self.config_of(needs);
        manager
    }

    /// The settings of a function that `needs` these variables.
    ///
    /// # Panics
    ///
    /// When they are wrong.
    #[must_use]
    pub fn config_of(&self, needs: &[&'static str]) -> Config {
        let config = Config::from_lookup(needs, |name| self.variables.get(name).cloned());
        config.expect("the settings are right")
    }

    /// The keys of a shop, as a secret holds them.
    #[must_use]
    pub fn bundle() -> Value {
        json!({
            "STRIPE_SECRET_KEY": Self::SECRET_KEY,
            "STRIPE_PUBLISHABLE_KEY": Self::PUBLISHABLE_KEY,
            "STRIPE_WEBHOOK_SECRET": Self::WEBHOOK_SECRET,
            "FAREBOX_SITE_KEY": Self::SITE_KEY,
            "FAREBOX_NOTIFY_SECRET": Self::NOTIFY_SECRET,
        })
    }

    /// The settings as the environment of a process.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// `program` with the settings of this shop and nothing else in its environment; if it listens,
    /// then on a free port.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables).env("PORT", "0");
        command
    }

    /// The folder of this shop's files; it goes with the shop.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The bytes of the database and of its write-ahead log, which show whether anything is
    /// written.
    ///
    /// # Panics
    ///
    /// When a file is not there.
    #[must_use]
    pub fn database_bytes(&self) -> [Vec<u8>; 2] {
        let files = ["farebox.sqlite", "farebox.sqlite-wal"];
        let read = |file| std::fs::read(self.folder.path().join(file));
        files.map(|file| read(file).expect("the database is open"))
    }

    /// The parts of a function over this shop, with a Stripe client of short timeouts.
    #[must_use]
    pub fn app(&self) -> App {
        self.app_over(self.quick_stripe_client())
    }

    /// The parts of a function over this shop, with another Stripe client.
    #[must_use]
    pub fn app_over(&self, stripe: Stripe) -> App {
        App::new(&self.config, stripe, self.store.clone(), self.clock.clone())
    }

    /// A Stripe client of this shop's deployment, with a function's own timeouts.
    ///
    /// # Panics
    ///
    /// When the database has no deployment.
    #[must_use]
    pub fn stripe_client(&self) -> Stripe {
        let deployment = self.store.deployment().expect("it has one");
        Stripe::new(&self.config.stripe, self.config.secrets.clone())
            .of_deployment(deployment.clone())
    }

    /// A Stripe client of short timeouts: 0.3 s for an attempt, 2 s for all.
    #[must_use]
    pub fn quick_stripe_client(&self) -> Stripe {
        self.stripe_client().with_retry_policy(RetryPolicy {
            attempt: Duration::from_millis(300),
            reused: Duration::from_millis(300),
            deadline: Duration::from_secs(2),
            first_delay: Duration::from_millis(5),
        })
    }

    /// A token of `caller` that names no role; valid for five minutes.
    #[must_use]
    pub fn token(&self, caller: &str) -> String {
        let claims = json!({ "aud": "farebox", "sub": caller, "exp": self.clock.now() + 300 });
        tokens::sign(&claims, Self::SITE_KEY)
    }

    /// A token of `caller` with these roles; valid for five minutes.
    #[must_use]
    pub fn token_of(&self, caller: &str, roles: &[&str]) -> String {
        let expires = self.clock.now() + 300;
        let claims = json!({ "aud": "farebox", "sub": caller, "exp": expires, "roles": roles });
        tokens::sign(&claims, Self::SITE_KEY)
    }

    /// A signed order of `caller`, with `changes` to its claims; `null` removes one.
    ///
    /// # Panics
    ///
    /// When `changes` is not an object.
    #[must_use]
    pub fn order_token(&self, caller: &str, changes: &Value) -> String {
        let now = self.clock.now();
        let mut claims = json!({
            "aud": "farebox:order", "sub": caller, "iat": now, "exp": now + 300,
            "orderId": "o_1", "amount": 1500, "currency": "usd",
        });
        for (name, value) in changes.as_object().expect("changes are an object") {
            claims[name] = value.clone();
        }
        claims
            .as_object_mut()
            .expect("claims are an object")
            .retain(|_, value| !value.is_null());
        tokens::sign(&claims, Self::SITE_KEY)
    }
}

fn variables(stripe: &str, store: PathBuf) -> BTreeMap<String, String> {
    let store = format!("sqlite:{}", store.display());
    [
        ("STRIPE_API_BASE", stripe),
        ("STRIPE_SECRET_KEY", Shop::SECRET_KEY),
        ("STRIPE_PUBLISHABLE_KEY", Shop::PUBLISHABLE_KEY),
        ("STRIPE_WEBHOOK_SECRET", Shop::WEBHOOK_SECRET),
        ("FAREBOX_SITE_KEY", Shop::SITE_KEY),
        ("DATABASE_URL", &store),
        ("FAREBOX_RETURN_ORIGINS", "https://shop.example"),
        ("FAREBOX_NOTIFY_URL", "log:"),
        ("FAREBOX_NOTIFY_SECRET", Shop::NOTIFY_SECRET),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
