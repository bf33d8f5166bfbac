//! The copies of subscriptions, and the billing accounts of callers.
//!
//! `subscription#sub_…` is a copy, and `billing#ALIAS` a caller's account, which also lists their
//! subscriptions: no index is read. The index lists an account alone whose grace runs.

use std::collections::HashSet;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    DynamoDb, Page, StoreError,
    attempt::Attempts,
    item::{
        DUE_AT, Item, Kind, QUEUE, Write as _, keyed, need_number, need_text, number, number_in,
        text,
    },
    transaction::Condition,
};
use crate::{
    ids::CallerId,
    store::{
        BillingWrite, Versioned,
        customers::caller,
        subscriptions::{self, Subscriptions},
    },
    subscription::{BillingAccount, Subscription},
};

/// The queue of the index.
const GRACES: &str = "graces";

impl Subscriptions for DynamoDb {
    async fn subscriptions(&self, ids: &[String]) -> Result<Vec<(Subscription, i64)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<String> = ids.iter().map(|id| Kind::Subscription.key(id)).collect();
        let items = self.get_all(&mut Attempts::new(), &keys).await?;
        let found = items.values().map(read);
        found
            .map(|one| one.map(|(copy, _, written_at)| (copy, written_at)))
            .collect()
    }

    async fn billing_account(
        &self,
        owner: &CallerId,
    ) -> Result<Versioned<BillingAccount>, StoreError> {
        let found = self.get(&mut Attempts::new(), &account_of(owner)).await?;
        versioned(found.as_ref())
    }

    async fn subscription(&self, id: &str) -> Result<Versioned<Subscription>, StoreError> {
        let key = Kind::Subscription.key(id);
        let found = self.get(&mut Attempts::new(), &key).await?;
        versioned(found.as_ref())
    }

    async fn graces_over(&self, now: i64, most: u32) -> Result<Vec<CallerId>, StoreError> {
        let page = Page {
            times: 0..=now,
            ..Page::of_queue(GRACES, i32::try_from(most).unwrap_or(i32::MAX))
        };
        let (keys, _) = self.queued(&page).await?;
        let found = self.get_all(&mut Attempts::new(), &keys).await?;
        // The index may be behind the items.
        let over = keys.iter().filter_map(|key| found.get(key));
        over.filter(|item| number_in(item, DUE_AT).is_some_and(|at| at <= now))
            .map(|item| caller(need_text(item, "owner")?))
            .collect()
    }

    async fn write_billing(&self, write: BillingWrite, now: i64) -> Result<bool, StoreError> {
        let owner = &write.owner;
        let account = account_of(owner);
        let mut attempts = Attempts::new();
        let mut duplicates: HashSet<String> = HashSet::new();
        loop {
            let (value, version) = &write.account;
            let mut item_of_account = item(&account, value, *version, now)?;
            if let Some(at) = write.grace_ends_at() {
                item_of_account = item_of_account
                    .with("owner", text(owner.as_str()))
                    .with(QUEUE, text(GRACES))
                    .with(DUE_AT, number(at));
            }
            let mut writes = vec![self.put(item_of_account, Condition::Version(*version))];
            if let Some((copy, version)) = &write.subscription {
                let key = Kind::Subscription.key(&copy.id);
                let item = item(&key, copy, *version, now)?.with("owner", text(owner.as_str()));
                writes.push(self.put(item, Condition::Version(*version)));
            }
            let new = write.messages.iter();
            let new = new.filter(|message| !duplicates.contains(&message.id));
            writes.extend(new.flat_map(|message| self.put_message(message, now)));
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(true);
            };
            let ids = canceled.unmet.iter().map(|key| Kind::Outbox.id_in(key));
            // An item that is no message was changed meanwhile.
            if ids.clone().any(|id| id.is_none()) {
                return Ok(false);
            }
            duplicates.extend(ids.flatten().map(str::to_owned));
            attempts.again(canceled.failure).await?;
        }
    }
}

fn account_of(owner: &CallerId) -> String {
    Kind::Billing.key(&owner.alias())
}

/// The item with `key` that replaces its `version`.
fn item(key: &str, value: &impl Serialize, version: i64, now: i64) -> Result<Item, StoreError> {
    let body = serde_json::to_string(value).map_err(StoreError::Unreadable)?;
    Ok(keyed(key)
        .with("version", number(version + 1))
        .with("body", text(body))
        .with("updated_at", number(now)))
}

fn versioned<T: DeserializeOwned>(item: Option<&Item>) -> Result<Versioned<T>, StoreError> {
    Ok(Versioned::of(item.map(read).transpose()?))
}

fn read<T: DeserializeOwned>(item: &Item) -> Result<subscriptions::Row<T>, StoreError> {
    let value = serde_json::from_str(need_text(item, "body")?).map_err(StoreError::Unreadable)?;
    let number = |name| need_number(item, name);
    Ok((value, number("version")?, number("updated_at")?))
}
