//! A role's grant: the reach of a permission, and the money that it may move.

use std::collections::BTreeMap;

use crate::{
    amount::{Amount, Currency},
    store::DayLimit,
};

/// The reach of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The caller's own objects.
    Own,
    /// Anybody's objects.
    Any,
}

/// One permission of one role.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grant {
    pub(super) scope: Scope,
    pub(super) limits: Option<MoneyLimits>,
}

/// The limits by currency, in minor units. A currency that is not in a list may not be moved at
/// all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct MoneyLimits {
    /// The limit of one call; `None` for no limit.
    pub(super) per_call: Option<BTreeMap<Currency, i64>>,
    /// The limit of one day; `None` for no limit.
    pub(super) per_day: Option<BTreeMap<Currency, i64>>,
}

impl MoneyLimits {
    /// The limit of one call, which the day's limit bounds as well.
    pub(super) fn of_one_call(&self, currency: Currency) -> Option<i64> {
        let lists = [&self.per_call, &self.per_day].into_iter().flatten();
        lists.filter_map(|list| list.get(&currency).copied()).min()
    }
}

impl Grant {
    /// The day's limit for moving `amount` by one call; `None` when that is not allowed.
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
