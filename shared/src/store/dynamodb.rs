//! The database as one DynamoDB table, which any number of functions share.
//!
//! Every item has one key, `pk`, whose prefix names its kind: `order#…`, `intent#…` (the order of
//! an intent), `idempotency#…`, `event#…` (a processed event), `quarantine#…`, `outbox#…`,
//! `cursor#…`, `refunds#…` (a caller's refunds of one day), `rate_limit#…` (recent payment starts
//! of a subject), `customer#…` (a caller's Stripe customer), `holder#…` (a customer's caller) and
//! `meta#mode`. An index, `queue`, lists messages that are due or dead-lettered, quarantined
//! events, and the orders of each caller. `docs/dynamodb.md` lists the attributes, and what each
//! operation reads and writes.
//!
//! Reads are consistent, and every write that depends on one has a condition. A concurrent change
//! makes the write fail, and the work starts again from the new state. Only the index is eventually
//! consistent; the code checks each of its entries against the item before it acts.

mod attempt;
mod customers;
mod events;
mod item;
mod jobs;
mod operations;
mod orders;
mod outbox;
mod quarantine;
mod rate_limits;
mod refunds;
mod requests;
mod transaction;

use aws_sdk_dynamodb::operation::{put_item::PutItemInput, query::QueryInput};

pub use self::outbox::message_in;
use self::{
    attempt::{Answer, Attempts},
    item::{Write as _, keyed, names, need_text, text},
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
            .with("mode", text(mode_name(mode)))
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
                .expression_attribute_values(":mode", text(mode_name(mode))),
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

    /// A page of the index: the keys of what is in `queue`.
    async fn queued(
        &self,
        wanted: &Page<'_>,
    ) -> Result<(Vec<String>, Option<item::Item>), StoreError> {
        let query = QueryInput::builder().table_name(&self.table);
        let mut query = query
            .index_name(item::QUEUE)
            .expression_attribute_values(":queue", text(wanted.queue))
            .limit(wanted.most)
            .scan_index_forward(!wanted.latest_first)
            .set_exclusive_start_key(wanted.after.clone());
        query = match wanted.until {
            None => query
                .key_condition_expression("#queue = :queue")
                .set_expression_attribute_names(Some(names(&[item::QUEUE]))),
            Some(until) => query
                .key_condition_expression("#queue = :queue AND #due_at <= :until")
                .expression_attribute_values(":until", item::number(until))
                .set_expression_attribute_names(Some(names(&[item::QUEUE, item::DUE_AT]))),
        };
        let mut attempts = Attempts::new();
        let answer = attempts.call(self, "dynamodb:Query", query.build());
        let page = answer.await?.done()?;
        let items = page.items.unwrap_or_default();
        let keys = items
            .iter()
            .map(|item| need_text(item, item::KEY).map(str::to_owned));
        Ok((keys.collect::<Result<_, _>>()?, page.last_evaluated_key))
    }

    /// All keys that the index has in `queue`, the earliest first.
    async fn all_queued(&self, queue: &str) -> Result<Vec<String>, StoreError> {
        let mut page = Page {
            queue,
            until: None,
            most: 1_000,
            after: None,
            latest_first: false,
        };
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

/// The page of the index to read.
struct Page<'a> {
    queue: &'a str,
    /// The latest time, in Unix seconds; `None` for no bound.
    until: Option<i64>,
    most: i32,
    /// The end of the page before.
    after: Option<item::Item>,
    /// The latest first; else the earliest.
    latest_first: bool,
}

const PUT: &str = "dynamodb:PutItem";

fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "test",
        Mode::Live => "live",
    }
}

fn deployment_in(item: &item::Item) -> Option<Deployment> {
    let id = item::text_in(item, DEPLOYMENT)?;
    Some(Deployment::new(id, item.contains_key(HAS_UNNAMED)))
}

fn check_mode(found: &str, mode: Mode) -> Result<(), StoreError> {
    if found == mode_name(mode) {
        return Ok(());
    }
    Err(StoreError::OtherMode(match mode {
        Mode::Test => Mode::Live,
        Mode::Live => Mode::Test,
    }))
}
