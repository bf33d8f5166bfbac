//! The deadlines of unpaid orders: a column of each order, which is empty once it may not expire.

use super::{Sqlite, StoreError, orders};
use crate::{order::Order, store::deadlines::Deadlines};

impl Deadlines for Sqlite {
    async fn overdue_orders(&self, now: i64, most: u32) -> Result<Vec<Order>, StoreError> {
        self.with(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT body, version FROM orders WHERE deadline <= ?1 ORDER BY deadline LIMIT ?2",
            )?;
            let rows = statement.query_map([now, i64::from(most)], orders::columns)?;
            rows.map(|row| Ok(orders::read(row?)?.0)).collect()
        })
        .await
    }
}
