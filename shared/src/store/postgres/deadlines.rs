//! The deadlines of unpaid orders: a column of each order, which is empty once it may not expire.

use super::{Postgres, StoreError, orders, statement};
use crate::{order::Order, store::deadlines::Deadlines};

impl Deadlines for Postgres {
    async fn overdue_orders(&self, now: i64, most: u32) -> Result<Vec<Order>, StoreError> {
        let overdue = "SELECT body, version FROM farebox.orders
             WHERE deadline <= $1 ORDER BY deadline LIMIT $2";
        let rows = self.rows(statement!(overdue, now, i64::from(most))).await?;
        rows.iter().map(|row| Ok(orders::read(row)?.0)).collect()
    }
}
