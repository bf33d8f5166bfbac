//! Forgets who paid.

use super::{Postgres, StoreError, Work, Written, column, orders, statement};
use crate::{
    ids::CallerId,
    order::OrderId,
    store::{Message, forgetting::Forgetting, message::without_payer},
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
    ///
    /// The text of `owner` finds candidates: a body that cannot be read as JSON ends no search.
    async fn forget_payer_in_messages(
        &self,
        owner: &CallerId,
        all: &[OrderId],
    ) -> Result<usize, StoreError> {
        let orders = all.iter().map(|id| id.as_str().to_owned());
        let named = serde_json::to_string(owner).map_err(StoreError::Unreadable)?;
        let find = statement!(
            "SELECT id, type, body FROM farebox.outbox
             WHERE order_id = ANY($1) OR (order_id IS NULL AND strpos(body, $2) > 0)",
            orders.collect::<Vec<String>>(),
            format!("\"customer\":{named}"),
        );
        let mut changed = 0;
        for row in self.rows(find).await? {
            let message = Message {
                id: column(&row, "id")?,
                kind: column(&row, "type")?,
                body: column(&row, "body")?,
            };
            let without = without_payer(&message.body);
            let Some(without) = without.filter(|_| message.concerns(owner, all)) else {
                continue;
            };
            let id = &message.id;
            let update = "UPDATE farebox.outbox SET body = $2 WHERE id = $1";
            self.change(statement!(update, id, without)).await?;
            changed += 1;
        }
        Ok(changed)
    }
}
