//! The shop's prices, as Stripe holds them, kept for a short while.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::try_join_all;
use stripe::StripeRequest as _;
use stripe_product::price::{ListPrice, RetrievePrice};
use tokio::time::Instant;

use super::{Failure, Stripe};
use crate::event::is_id;

/// Stripe takes this many lookup keys at once.
const MOST_LOOKUP_KEYS: usize = 10;

/// A price of the shop.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct Price {
    /// `price_…`
    pub id: String,
    /// Whether it can be used for new purchases.
    pub active: bool,
    /// Three lower-case letters.
    pub currency: String,
    /// `one_time` or `recurring`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In minor units; `None` for a price that is not a whole number of them, or not fixed.
    pub unit_amount: Option<i64>,
    /// The shop's own name for it.
    pub lookup_key: Option<String>,
}

#[derive(miniserde::Deserialize)]
struct Page {
    data: Vec<Price>,
}

/// Finds prices by id or lookup key.
#[derive(Clone, Debug)]
pub struct Prices {
    stripe: Stripe,
    held_for: Duration,
    held: Arc<Mutex<HashMap<String, Held>>>,
}

#[derive(Clone, Debug)]
struct Held {
    price: Price,
    until: Instant,
}

impl Prices {
    /// Asks `stripe`, and holds each answer for `held_for`.
    #[must_use]
    pub fn new(stripe: Stripe, held_for: Duration) -> Self {
        Self {
            stripe,
            held_for,
            held: Arc::default(),
        }
    }

    /// The prices that `names` (ids or lookup keys) name; what Stripe does not know is left out.
    ///
    /// # Errors
    ///
    /// [`Failure`] when Stripe did not answer.
    pub async fn find(&self, names: &BTreeSet<&str>) -> Result<BTreeMap<String, Price>, Failure> {
        let mut found = self.held(names);
        let missing = names.iter().filter(|name| !found.contains_key(**name));
        let (ids, keys): (Vec<&str>, Vec<&str>) =
            missing.partition(|name| name.starts_with("price_"));
        let by_id = try_join_all(ids.into_iter().map(|id| self.by_id(id)));
        let by_key = try_join_all(keys.chunks(MOST_LOOKUP_KEYS).map(|keys| self.by_key(keys)));
        let (by_id, by_key) = futures_util::future::try_join(by_id, by_key).await?;
        let by_id = by_id
            .into_iter()
            .flatten()
            .map(|price| (price.id.clone(), price));
        let by_key = by_key
            .into_iter()
            .flatten()
            .filter_map(|price| Some((price.lookup_key.clone()?, price)));
        let fetched: Vec<(String, Price)> = by_id.chain(by_key).collect();
        self.hold(&fetched);
        found.extend(fetched);
        Ok(found)
    }

    /// Those of `names` that are held and fresh.
    fn held(&self, names: &BTreeSet<&str>) -> BTreeMap<String, Price> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        names
            .iter()
            .filter_map(|name| Some((*name, held.get(*name)?)))
            .filter(|(_, held)| held.until > now)
            .map(|(name, held)| (name.to_owned(), held.price.clone()))
            .collect()
    }

    fn hold(&self, fetched: &[(String, Price)]) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.retain(|_, held| held.until > now);
        for (name, price) in fetched {
            let held_price = Held {
                price: price.clone(),
                until: now + self.held_for,
            };
            held.insert(name.clone(), held_price);
        }
    }

    async fn by_id(&self, id: &str) -> Result<Option<Price>, Failure> {
        if !is_id(id) {
            return Ok(None);
        }
        let request = RetrievePrice::new(id).build().customize();
        match request.send(&self.stripe).await {
            Err(failure) if failure.is_missing() => Ok(None),
            answered => answered.map(Some),
        }
    }

    async fn by_key(&self, keys: &[&str]) -> Result<Vec<Price>, Failure> {
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let request = ListPrice::new()
            .active(true)
            .limit(100)
            .lookup_keys(keys)
            .build();
        let page: Page = request.customize().send(&self.stripe).await?;
        Ok(page.data)
    }
}
