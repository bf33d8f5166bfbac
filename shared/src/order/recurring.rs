//! Recurring prices in an order: what a subscription of it costs, and how much of that is due
//! today.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{LineItem, OrderDetails};
use crate::checkout::{DueToday, SessionMode};

/// The billing rhythm of a recurring price, and its product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: String,
    /// The number of intervals between two invoices.
    pub interval_count: u32,
    /// `prod_…`
    pub product: String,
    /// True when usage is billed after each period: the line has no quantity, and costs nothing
    /// today.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_metered: bool,
}

/// The billing rhythm of an order's line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemInterval {
    /// `day`, `week`, `month` or `year`.
    interval: String,
    /// The number of intervals between two invoices.
    interval_count: u32,
}

impl From<&Recurring> for ItemInterval {
    fn from(recurring: &Recurring) -> Self {
        Self {
            interval: recurring.interval.clone(),
            interval_count: recurring.interval_count,
        }
    }
}

impl OrderDetails {
    /// Returns true when a line is recurring, so that a subscription pays the order.
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        self.recurring().next().is_some()
    }

    /// The mode of the order's Checkout Sessions.
    #[must_use]
    pub fn mode(&self) -> SessionMode {
        match self.is_subscription() {
            true => SessionMode::Subscription,
            false => SessionMode::Payment,
        }
    }

    /// The ids of the products to which the order subscribes, each once.
    #[must_use]
    pub fn subscribed_products(&self) -> Vec<&str> {
        let mut products: Vec<&str> = self.recurring().map(|one| one.product.as_str()).collect();
        products.sort_unstable();
        products.dedup();
        products
    }

    /// True when a payment of `subtotal`, in minor units, pays these contents, of whose first
    /// period `due` is due.
    pub(crate) fn is_paid_by(&self, subtotal: i64, due: DueToday) -> bool {
        let all = self.amount().minor_units();
        let once = all.saturating_sub(self.recurring_amount());
        match due {
            _ if !self.is_subscription() => subtotal == all,
            DueToday::All => subtotal == all,
            DueToday::Nothing => subtotal == once,
            DueToday::Part => (once..=all).contains(&subtotal),
        }
    }

    fn recurring(&self) -> impl Iterator<Item = &Recurring> {
        self.lines()
            .iter()
            .filter_map(|line| line.recurring.as_ref())
    }

    /// The price of a whole period, in minor units.
    fn recurring_amount(&self) -> i64 {
        let amount = |line: &LineItem| line.unit_amount.saturating_mul(line.quantity.into());
        let lines = self.lines().iter().filter(|line| line.recurring.is_some());
        lines.map(amount).fold(0, i64::saturating_add)
    }
}
