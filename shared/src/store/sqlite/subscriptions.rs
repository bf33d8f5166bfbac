//! The copies of subscriptions, and the billing accounts of callers.

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{Sqlite, StoreError, outbox};
use crate::{
    ids::CallerId,
    store::{
        BillingWrite, Versioned,
        customers::caller,
        subscriptions::{self, Subscriptions},
    },
    subscription::{BillingAccount, Subscription},
};

const COPY: &str = "SELECT body, version, updated_at FROM subscriptions WHERE id = ?1";
const ACCOUNT: &str = "SELECT body, version, updated_at FROM billing_accounts WHERE owner = ?1";

impl Subscriptions for Sqlite {
    async fn subscriptions(&self, ids: &[String]) -> Result<Vec<(Subscription, i64)>, StoreError> {
        let ids = ids.to_vec();
        self.with(move |connection| {
            let found = ids.iter().map(|id| find(connection, COPY, id));
            found
                .filter_map(|one| {
                    one.map(|one| Some((one.value?, one.written_at)))
                        .transpose()
                })
                .collect()
        })
        .await
    }

    async fn billing_account(
        &self,
        owner: &CallerId,
    ) -> Result<Versioned<BillingAccount>, StoreError> {
        let owner = owner.clone();
        self.with(move |connection| find(connection, ACCOUNT, owner.as_str()))
            .await
    }

    async fn subscription(&self, id: &str) -> Result<Versioned<Subscription>, StoreError> {
        let id = id.to_owned();
        self.with(move |connection| find(connection, COPY, &id))
            .await
    }

    async fn graces_over(&self, now: i64, most: u32) -> Result<Vec<CallerId>, StoreError> {
        self.with(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT owner FROM billing_accounts WHERE grace_ends_at <= ?1
                 ORDER BY grace_ends_at LIMIT ?2",
            )?;
            let owners = statement.query_map(params![now, most], |row| row.get::<_, String>(0))?;
            owners.map(|owner| caller(&owner?)).collect()
        })
        .await
    }

    async fn write_billing(&self, write: BillingWrite, now: i64) -> Result<bool, StoreError> {
        self.write(move |transaction| write_billing(transaction, &write, now))
            .await
    }
}

fn find<T: DeserializeOwned>(
    connection: &Connection,
    sql: &str,
    key: &str,
) -> Result<Versioned<T>, StoreError> {
    let found: Option<subscriptions::Row<String>> = connection
        .prepare_cached(sql)?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let read = |(body, version, written_at): subscriptions::Row<String>| {
        let value = serde_json::from_str(&body).map_err(StoreError::Unreadable)?;
        Ok::<_, StoreError>((value, version, written_at))
    };
    Ok(Versioned::of(found.map(read).transpose()?))
}

fn write_billing(
    transaction: &Transaction<'_>,
    write: &BillingWrite,
    now: i64,
) -> Result<bool, StoreError> {
    let owner = write.owner.as_str();
    let (account, account_version) = &write.account;
    let found: Versioned<BillingAccount> = find(transaction, ACCOUNT, owner)?;
    if found.version != *account_version {
        return Ok(false);
    }
    if let Some((copy, version)) = &write.subscription {
        let found: Versioned<Subscription> = find(transaction, COPY, &copy.id)?;
        if found.version != *version {
            return Ok(false);
        }
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO subscriptions (id, owner, version, body, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![copy.id, owner, version + 1, json(copy)?, now])?;
    }
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO billing_accounts
                 (owner, version, body, updated_at, grace_ends_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            owner,
            account_version + 1,
            json(account)?,
            now,
            write.grace_ends_at()
        ])?;
    outbox::append(transaction, &write.messages, now)?;
    Ok(true)
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::Unreadable)
}
