//! Forgets who paid.

use super::{Postgres, StoreError, Work, Written, column, orders, statement};
use crate::{
    order::OrderId,
    store::{forgetting::Forgetting, message::without_payer},
};

impl Forgetting for Postgres {
    async fn forget_payer(&self, id: &OrderId, now: i64) -> Result<bool, StoreError> {
        let mut work = Work::new(self);
        let mut has_changed = false;
        loop {
            let Some((mut order, version)) = orders::find(&mut work, id).await? else {
                return Ok(has_changed);
            };
            if !order.forget_payer(now) {
                return Ok(has_changed);
            }
            match work.write(&[orders::write(&order, version)?]).await? {
                Written::Done => return Ok(true),
                Written::Undone(undone) => {
                    // A transaction whose answer got lost may have done it.
                    has_changed = undone.unmet.is_none();
                    work.again(undone).await?;
                }
            }
        }
    }

    /// Delivered messages are among them: they stay for a while as evidence.
    async fn forget_payer_in_messages(&self, orders: &[OrderId]) -> Result<usize, StoreError> {
        let orders = orders.iter().map(|id| id.as_str().to_owned());
        let find = statement!(
            "SELECT id, body FROM farebox.outbox WHERE order_id = ANY($1)",
            orders.collect::<Vec<String>>(),
        );
        let mut changed = 0;
        for row in self.rows(find).await? {
            let body: &str = column(&row, "body")?;
            let Some(without) = without_payer(body) else {
                continue;
            };
            let id: &str = column(&row, "id")?;
            let update = "UPDATE farebox.outbox SET body = $2 WHERE id = $1";
            self.change(statement!(update, id, without)).await?;
            changed += 1;
        }
        Ok(changed)
    }
}
