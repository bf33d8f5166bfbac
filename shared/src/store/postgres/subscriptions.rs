//! The copies of subscriptions, and the billing accounts of callers.

use serde::{Serialize, de::DeserializeOwned};
use tokio_postgres::Row;

use super::{
    Postgres, Statement, StoreError, Work, Written, column, exactly_one, outbox, statement,
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

const COPY: &str = "SELECT body, version, updated_at FROM farebox.subscriptions WHERE id = $1";
const ACCOUNT: &str =
    "SELECT body, version, updated_at FROM farebox.billing_accounts WHERE owner = $1";

/// Version $3 is that before this write; 0 is none.
const WRITE_COPY: &str = exactly_one!(
    "INSERT INTO farebox.subscriptions (id, owner, version, body, updated_at)
     SELECT $1, $2, 1, $4, $5
     WHERE $3 = 0 OR EXISTS (SELECT FROM farebox.subscriptions WHERE id = $1)
     ON CONFLICT (id) DO UPDATE SET version = subscriptions.version + 1, owner = excluded.owner,
         body = excluded.body, updated_at = excluded.updated_at
     WHERE subscriptions.version = $3"
);
const WRITE_ACCOUNT: &str = exactly_one!(
    "INSERT INTO farebox.billing_accounts (owner, version, body, updated_at, grace_ends_at)
     SELECT $1, 1, $3, $4, $5
     WHERE $2 = 0 OR EXISTS (SELECT FROM farebox.billing_accounts WHERE owner = $1)
     ON CONFLICT (owner) DO UPDATE SET version = billing_accounts.version + 1,
         body = excluded.body, updated_at = excluded.updated_at,
         grace_ends_at = excluded.grace_ends_at
     WHERE billing_accounts.version = $2"
);

impl Subscriptions for Postgres {
    async fn subscriptions(&self, ids: &[String]) -> Result<Vec<(Subscription, i64)>, StoreError> {
        let find = "SELECT body, version, updated_at FROM farebox.subscriptions
             WHERE id = ANY($1)";
        let rows = self.rows(statement!(find, ids.to_vec())).await?;
        let found = rows.iter().map(read);
        found
            .map(|one| one.map(|(copy, _, written_at)| (copy, written_at)))
            .collect()
    }

    async fn billing_account(
        &self,
        owner: &CallerId,
    ) -> Result<Versioned<BillingAccount>, StoreError> {
        let found = self.row(statement!(ACCOUNT, owner.as_str())).await?;
        versioned(found.as_ref())
    }

    async fn subscription(&self, id: &str) -> Result<Versioned<Subscription>, StoreError> {
        let found = self.row(statement!(COPY, id)).await?;
        versioned(found.as_ref())
    }

    async fn graces_over(&self, now: i64, most: u32) -> Result<Vec<CallerId>, StoreError> {
        let find = "SELECT owner FROM farebox.billing_accounts WHERE grace_ends_at <= $1
             ORDER BY grace_ends_at LIMIT $2";
        let rows = self.rows(statement!(find, now, i64::from(most))).await?;
        rows.iter()
            .map(|row| caller(column(row, "owner")?))
            .collect()
    }

    /// A transaction whose answer got lost is sent again: if it was committed, its versions are
    /// gone, and the caller reads what it wrote.
    async fn write_billing(&self, write: BillingWrite, now: i64) -> Result<bool, StoreError> {
        let mut statements = writes(&write, now)?;
        statements.extend(outbox::append(&write.messages, now));
        let mut work = Work::new(self);
        loop {
            match work.write(&statements).await? {
                Written::Done => return Ok(true),
                Written::Undone(undone) if undone.unmet.is_some() => return Ok(false),
                Written::Undone(undone) => work.again(undone).await?,
            }
        }
    }
}

fn writes(write: &BillingWrite, now: i64) -> Result<Vec<Statement>, StoreError> {
    let owner = write.owner.as_str();
    let (account, version) = &write.account;
    let mut statements = vec![statement!(
        WRITE_ACCOUNT,
        owner,
        *version,
        json(account)?,
        now,
        write.grace_ends_at(),
    )];
    if let Some((copy, version)) = &write.subscription {
        let body = json(copy)?;
        statements.push(statement!(WRITE_COPY, &copy.id, owner, *version, body, now));
    }
    Ok(statements)
}

fn versioned<T: DeserializeOwned>(row: Option<&Row>) -> Result<Versioned<T>, StoreError> {
    Ok(Versioned::of(row.map(read).transpose()?))
}

fn read<T: DeserializeOwned>(row: &Row) -> Result<subscriptions::Row<T>, StoreError> {
    let value = serde_json::from_str(column(row, "body")?).map_err(StoreError::Unreadable)?;
    Ok((value, column(row, "version")?, column(row, "updated_at")?))
}

fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::Unreadable)
}
