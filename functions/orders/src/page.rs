//! One page of a list. A page by status may need several reads, whose number is bounded.

use shared::{
    Error,
    store::{OrderList, OrderPosition, Store},
};

use crate::filter::Filter;

/// The most orders that one request reads. A page that ends there has a `nextCursor`.
pub const MAX_READ: u32 = 500;
/// The most orders of one read.
const AT_ONCE: u32 = 100;

/// Reads up to `limit` orders that `filter` selects, from the one behind `after`.
///
/// # Errors
///
/// [`Error::Unavailable`] when the database did not answer.
pub async fn read(
    store: &Store,
    filter: &Filter,
    after: Option<OrderPosition>,
    limit: u32,
) -> Result<OrderList, Error> {
    // Without a status, every order counts.
    let most = filter.status.map_or(limit, |_| AT_ONCE);
    let mut range = filter.range(after, most);
    let limit = limit as usize;
    let mut found = Vec::with_capacity(limit);
    let mut left = MAX_READ;
    loop {
        let list = match &filter.owner {
            Some(owner) => store.orders_of(owner, &range).await?,
            None => store.all_orders(&range).await?,
        };
        left -= range.most;
        let mut orders = list.orders.into_iter();
        while found.len() < limit
            && let Some(order) = orders.next()
        {
            if filter.selects(&order) {
                found.push(order);
            }
        }
        if orders.len() > 0 {
            // The page is full, and ends within this read.
            let next = found.last().map(OrderPosition::of);
            return Ok(OrderList {
                orders: found,
                next,
            });
        }
        if found.len() == limit || left == 0 || list.next.is_none() {
            return Ok(OrderList {
                orders: found,
                next: list.next,
            });
        }
        range.after = list.next;
        range.most = range.most.min(left);
    }
}
