//! What a role gives: how far a permission reaches, and how much money it may move.

use std::collections::BTreeMap;

use crate::{
    amount::{Amount, Currency},
    store::DayLimit,
};

/// How far a permission reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// What is the caller's own.
    Own,
    /// What is anybody's.
    Any,
}

/// One permission of one role.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grant {
    pub(super) scope: Scope,
    pub(super) limits: Option<RefundLimits>,
}

/// How much may be moved, by currency, in minor units. A currency that a list does not hold may not
/// be moved at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RefundLimits {
    /// By one call; `None` when a call is not limited.
    pub(super) per_call: Option<BTreeMap<Currency, i64>>,
    /// Within one day; `None` when a day is not limited.
    pub(super) per_day: Option<BTreeMap<Currency, i64>>,
}

impl RefundLimits {
    /// The most that one call may move, which the day's limit bounds as well.
    pub(super) fn of_one_call(&self, currency: Currency) -> Option<i64> {
        let lists = [&self.per_call, &self.per_day].into_iter().flatten();
        lists.filter_map(|list| list.get(&currency).copied()).min()
    }
}

impl Grant {
    /// The day's limit for moving `amount` by one call; `None` when it may not be moved.
    pub(super) fn day_limit(&self, amount: Amount) -> Option<DayLimit> {
        let Some(limits) = &self.limits else {
            return Some(DayLimit::Unlimited);
        };
        let most = |list: &Option<BTreeMap<Currency, i64>>| match list {
            Some(list) => Some(DayLimit::AtMost(*list.get(&amount.currency())?)),
            None => Some(DayLimit::Unlimited),
        };
        let wanted = DayLimit::AtMost(amount.minor_units());
        let (call, day) = (most(&limits.per_call)?, most(&limits.per_day)?);
        (wanted <= call && wanted <= day).then_some(day)
    }
}
