//! Recent payment starts of each subject.

use std::collections::{HashMap, HashSet};

use super::{Postgres, Statement, StoreError, Work, Written, column, exactly_one, statement};
use crate::{
    order::OrderId,
    store::{
        RateLimitOutcome, RateLimitRequest,
        rate_limiting::{
            RateLimitDecision, StartHistory, UnpaidOrders, decide, is_unpaid, orders_to_read,
        },
        rate_limits::{REFRESH_INTERVAL, RateLimits},
    },
};

/// Rows in which nothing counts any more.
pub(super) const FORGET: &str = "DELETE FROM farebox.rate_limits WHERE key IN
    (SELECT key FROM farebox.rate_limits WHERE expires_at < $1 LIMIT 500) RETURNING key";

impl RateLimits for Postgres {
    async fn admit(
        &self,
        request: RateLimitRequest,
        now: i64,
    ) -> Result<RateLimitOutcome, StoreError> {
        let keys = request.subjects.iter().map(|subject| subject.key.clone());
        let reads = [
            statement!(
                "SELECT id FROM farebox.orders WHERE id = $1",
                request.order.as_str(),
            ),
            statement!(
                "SELECT key, entries FROM farebox.rate_limits WHERE key = ANY($1)",
                keys.collect::<Vec<String>>(),
            ),
        ];
        let mut work = Work::new(self);
        loop {
            let mut found = work.all_rows(&reads).await?.into_iter();
            let (order, stored) = (found.next().unwrap_or_default(), found.next());
            if !order.is_empty() {
                return Ok(RateLimitOutcome::Yes);
            }
            let mut before = HashMap::new();
            for row in stored.iter().flatten() {
                let entries: String = column(row, "entries")?;
                before.insert(column::<String>(row, "key")?, entries);
            }
            let (answer, rows) = decided(&mut work, &request, &before, now).await?;
            let subjects = request.subjects.iter().zip(&rows);
            let writes = subjects.filter_map(|(subject, row)| {
                let before = before.get(&subject.key).map(String::as_str);
                write(&subject.key, before, row, request.window).transpose()
            });
            let writes = writes.collect::<Result<Vec<_>, _>>()?;
            if writes.is_empty() {
                return Ok(answer);
            }
            match work.write(&writes).await? {
                Written::Done => return Ok(answer),
                Written::Undone(undone) => work.again(undone).await?,
            }
        }
    }

    async fn admit_refresh_of(&self, row: String, now: i64) -> Result<bool, StoreError> {
        let refresh = "INSERT INTO farebox.rate_limits (key, entries, expires_at)
             VALUES ($1, '[]', $3)
             ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at
                 WHERE rate_limits.expires_at <= $2
             RETURNING key";
        let refresh = statement!(refresh, row, now, now + REFRESH_INTERVAL);
        Ok(!self.change(refresh).await?.is_empty())
    }
}

/// The answer to `request`, and the rows of its subjects after it.
async fn decided(
    work: &mut Work<'_>,
    request: &RateLimitRequest,
    before: &HashMap<String, String>,
    now: i64,
) -> Result<(RateLimitOutcome, Vec<StartHistory>), StoreError> {
    let read = |key: &String| match before.get(key) {
        Some(entries) => serde_json::from_str(entries).map_err(StoreError::Unreadable),
        None => Ok(StartHistory::default()),
    };
    let rows = request.subjects.iter().map(|subject| read(&subject.key));
    let mut rows: Vec<StartHistory> = rows.collect::<Result<_, _>>()?;
    let mut decision = decide(request, &rows, now);
    if let RateLimitDecision::Full(_) = decision {
        let unpaid = unpaid(work, orders_to_read(request, &rows, now)).await?;
        let settled = |row: StartHistory| row.settled(&unpaid, request.window, now);
        rows = rows.into_iter().map(settled).collect();
        decision = decide(request, &rows, now);
    }
    Ok(match decision {
        RateLimitDecision::Answer(answer) => (answer, rows),
        RateLimitDecision::Full(many) => (RateLimitOutcome::No(many), rows),
        RateLimitDecision::Write(rows) => (RateLimitOutcome::Yes, rows),
    })
}

/// The payment state of `orders`.
async fn unpaid(work: &mut Work<'_>, orders: HashSet<OrderId>) -> Result<UnpaidOrders, StoreError> {
    let ids: Vec<String> = orders.iter().map(|id| id.as_str().to_owned()).collect();
    let statuses = "SELECT id, status FROM farebox.orders WHERE id = ANY($1)";
    let rows = work.rows(&statement!(statuses, ids)).await?;
    let mut unpaid: UnpaidOrders = orders.into_iter().map(|id| (id, None)).collect();
    for row in &rows {
        let id = OrderId::parse(column(row, "id")?).map_err(|_| StoreError::Malformed("id"))?;
        unpaid.insert(id, Some(is_unpaid(column(row, "status")?)));
    }
    Ok(unpaid)
}

/// Writes `row` in place of the entries that were there `before`; `None` where nothing changed.
fn write(
    key: &str,
    before: Option<&str>,
    row: &StartHistory,
    window: i64,
) -> Result<Option<Statement>, StoreError> {
    let entries = serde_json::to_string(row).map_err(StoreError::Unreadable)?;
    let unchanged = before.unwrap_or("[]");
    if entries == unchanged {
        return Ok(None);
    }
    let expires_at = row.expires_at(window);
    Ok(Some(match before {
        None => statement!(
            exactly_one!(
                "INSERT INTO farebox.rate_limits (key, entries, expires_at) VALUES ($1, $2, $3)"
            ),
            key,
            entries,
            expires_at,
        ),
        Some(before) => statement!(
            exactly_one!(
                "UPDATE farebox.rate_limits SET entries = $2, expires_at = $3
                 WHERE key = $1 AND entries = $4"
            ),
            key,
            entries,
            expires_at,
            before,
        ),
    }))
}
