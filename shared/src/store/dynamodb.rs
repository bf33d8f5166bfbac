//! The database as one DynamoDB table, which any number of functions share.
//!
//! Every item has one key, `pk`, whose prefix names its kind: `order#…`, `intent#…` (the order of
//! an intent), `idempotency#…`, `event#…` (a processed event), `quarantine#…`, `outbox#…`,
//! `cursor#…`, `refunds#…` (a caller's refunds of one day), `rate_limit#…` (recent payment starts
//! of a subject), `customer#…` (a caller's Stripe customer), `holder#…` (a customer's caller),
//! `deadline#…` (the time at which an unpaid order is to expire), `subscription#…` (the copy of a
//! subscription), `billing#…` (what a caller may use by theirs), `slots#…` (the orders by which a
//! caller may subscribe) and `meta#mode`. An index,
//! `queue`, lists messages that are due or dead-lettered, quarantined events, and the orders of
//! each caller. Another, `list`, lists all orders. `docs/dynamodb.md` lists the attributes, and
//! what each operation reads and writes.
//!
//! Reads are consistent, and every write that depends on one has a condition. A concurrent change
//! makes the write fail, and the work starts again from the new state. Only the indexes are
//! eventually consistent; the code checks each of their entries against the item before it acts.

mod attempt;
mod customers;
mod deadlines;
mod events;
mod forgetting;
mod item;
mod jobs;
mod operations;
mod orders;
mod outbox;
mod quarantine;
mod rate_limits;
mod recorded;
mod refunds;
mod requests;
mod subscription_slots;
mod subscriptions;
mod transaction;

use std::ops::RangeInclusive;

use aws_sdk_dynamodb::operation::{put_item::PutItemInput, query::QueryInput};

pub use self::outbox::message_in;
use self::{
    attempt::{Answer, Attempts},
    item::{DUE_AT, Item, QUEUE, Write as _, keyed, names, need_text, number, text},
};
use super::StoreError;
use crate::{
    aws::{Aws, Service},
    deployment::Deployment,
    secrets::{Mode, Secrets},
};

/// The table, and the connections to it; cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct DynamoDb {
    service: Service,
    table: String,
    region: String,
}

/// The item with the mode (test or live) and the deployment of the table's payments.
const MODE: &str = "meta#mode";
/// Its attribute with the deployment's id.
const DEPLOYMENT: &str = "deployment";
/// Its attribute that is `yes` when the table is older than that id, else absent.
const HAS_UNNAMED: &str = "has_unnamed";

impl DynamoDb {
    /// Finds the table, which warms the connection, and binds it to one mode and one deployment.
    pub(super) async fn open(
        aws: &Aws,
        table: &str,
        secrets: &Secrets,
    ) -> Result<(Self, Option<Deployment>), StoreError> {
        let store = Self {
            service: aws.service("dynamodb"),
            table: table.to_owned(),
            region: aws.region().to_owned(),
        };
        let deployment = store.bind(secrets).await?;
        Ok((store, deployment))
    }

    /// Binds the table to one mode: a site must not fulfil orders paid with test cards as real
    /// ones. The first process that knows its mode writes it with the deployment's id. A process
    /// that may not write goes on without a missing id.
    async fn bind(&self, secrets: &Secrets) -> Result<Option<Deployment>, StoreError> {
        let mut attempts = Attempts::new();
        // The keys may still be loading as well.
        let (found, mode) = tokio::join!(self.get(&mut attempts, MODE), secrets.mode());
        let (found, mode) = (found?, mode?);
        let known = found.as_ref().and_then(deployment_in);
        let Some(mode) = mode else { return Ok(known) };
        if let Some(item) = &found {
            check_mode(need_text(item, "mode")?, mode)?;
        }
        if known.is_some() {
            return Ok(known);
        }
        match self
            .name_deployment(&mut attempts, mode, found.is_some())
            .await
        {
            Err(StoreError::Denied { .. }) if found.is_some() => Ok(None),
            named => named.map(Some),
        }
    }

    /// Writes the mode and a new id, unless another process was faster; returns the stored id.
    async fn name_deployment(
        &self,
        attempts: &mut Attempts,
        mode: Mode,
        has_unnamed: bool,
    ) -> Result<Deployment, StoreError> {
        let deployment = Deployment::random(has_unnamed);
        let mut item = keyed(MODE)
            .with("mode", text(mode.as_str()))
            .with(DEPLOYMENT, text(deployment.id()));
        if has_unnamed {
            item = item.with(HAS_UNNAMED, text("yes"));
        }
        let put = PutItemInput::builder().table_name(&self.table);
        let put = put
            .set_item(Some(item))
            .condition_expression(match has_unnamed {
                true => "#mode = :mode AND attribute_not_exists(#deployment)",
                false => "attribute_not_exists(pk)",
            });
        let put = match has_unnamed {
            true => put
                .set_expression_attribute_names(Some(names(&["mode", DEPLOYMENT])))
                .expression_attribute_values(":mode", text(mode.as_str())),
            false => put,
        };
        let answer = attempts.call(self, PUT, put.build()).await?;
        let Answer::Declined(_, failure) = answer else {
            return Ok(deployment);
        };
        let item = self.get(attempts, MODE).await?;
        let item = item.ok_or(failure)?;
        check_mode(need_text(&item, "mode")?, mode)?;
        deployment_in(&item).ok_or(StoreError::Malformed(DEPLOYMENT))
    }

    /// A page of an index: its entries, which hold keys alone, and the end of the page.
    async fn entries(&self, page: &Page<'_>) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let (index, partition) = page.partition;
        let query = QueryInput::builder().table_name(&self.table);
        let query = query
            .index_name(index)
            .key_condition_expression("#of = :of AND #due_at BETWEEN :earliest AND :latest")
            .expression_attribute_names("#of", index)
            .expression_attribute_names("#due_at", DUE_AT)
            .expression_attribute_values(":of", text(partition))
            .expression_attribute_values(":earliest", number(*page.times.start()))
            .expression_attribute_values(":latest", number(*page.times.end()))
            .limit(page.most)
            .scan_index_forward(!page.latest_first)
            .set_exclusive_start_key(page.after.clone());
        let mut attempts = Attempts::new();
        let answer = attempts.call(self, "dynamodb:Query", query.build());
        let page = answer.await?.done()?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key))
    }

    /// The same, with the keys of the items.
    async fn queued(&self, page: &Page<'_>) -> Result<(Vec<String>, Option<Item>), StoreError> {
        let (entries, next) = self.entries(page).await?;
        Ok((keys_of(&entries)?, next))
    }

    /// All keys that the index has in `queue`, the earliest first.
    async fn all_queued(&self, queue: &str) -> Result<Vec<String>, StoreError> {
        let mut page = Page::of_queue(queue, 1_000);
        let mut all = Vec::new();
        loop {
            let (keys, next) = self.queued(&page).await?;
            all.extend(keys);
            if next.is_none() {
                return Ok(all);
            }
            page.after = next;
        }
    }
}

/// The keys of the items of `entries`.
fn keys_of(entries: &[Item]) -> Result<Vec<String>, StoreError> {
    let keys = entries.iter().map(|entry| need_text(entry, item::KEY));
    keys.map(|key| key.map(str::to_owned)).collect()
}

/// The page of an index to read.
struct Page<'a> {
    /// The index, and the value of its partition key.
    partition: (&'static str, &'a str),
    /// The times, in Unix seconds.
    times: RangeInclusive<i64>,
    most: i32,
    /// The end of the page before.
    after: Option<Item>,
    /// The latest first; else the earliest.
    latest_first: bool,
}

impl<'a> Page<'a> {
    /// The first page of what is in `queue`, the earliest first.
    fn of_queue(queue: &'a str, most: i32) -> Self {
        Self {
            partition: (QUEUE, queue),
            times: 0..=i64::MAX,
            most,
            after: None,
            latest_first: false,
        }
    }
}

const PUT: &str = "dynamodb:PutItem";

fn deployment_in(item: &Item) -> Option<Deployment> {
    let id = item::text_in(item, DEPLOYMENT)?;
    Some(Deployment::new(id, item.contains_key(HAS_UNNAMED)))
}

fn check_mode(found: &str, mode: Mode) -> Result<(), StoreError> {
    if found == mode.as_str() {
        return Ok(());
    }
    Err(StoreError::OtherMode(match mode {
        Mode::Test => Mode::Live,
        Mode::Live => Mode::Test,
    }))
}
