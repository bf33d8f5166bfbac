//! The lines of an order: those that Farebox priced, and those that the site signed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ItemInterval, Recurring};
use crate::event::is_id;

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineItem {
    /// Stripe's id of the price; `None` for a line that the site signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub price: Option<String>,
    /// The shop's lookup key for the price, at the time of pricing. Contents that differ only in it
    /// are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub lookup_key: Option<String>,
    /// The product's name, at the time of pricing. It is part of the contents only where the site
    /// signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// The quantity; 0 of a metered price, which has none.
    pub quantity: u32,
    /// The price of one, in minor units of the order's currency; 0 of a metered price.
    pub unit_amount: i64,
    /// The billing rhythm of a recurring price, which never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub recurring: Option<Recurring>,
    /// The tax settings that the site signed.
    #[serde(default, skip_serializing_if = "LineTax::is_none")]
    pub tax: LineTax,
}

impl LineItem {
    /// A text that is the same for the same line alone.
    pub(super) fn identity(&self) -> String {
        match &self.price {
            Some(price) => format!("{price} {} {}", self.quantity, self.unit_amount),
            None => serde_json::to_string(self).unwrap_or_default(),
        }
    }
}

/// One line of an order. Where it has a `price`, that and `quantity` can be sent again as an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderItem {
    /// The lookup key of the Stripe price, or its id, `price_…`, if it has none. Absent in a line
    /// that the site signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    price: Option<String>,
    /// The product's name; absent in an order that an earlier version priced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// The quantity; 0 of a metered price, which is sent again without one.
    quantity: u32,
    /// The price of one, in minor units of the order's currency; 0 of a metered price.
    unit_amount: i64,
    /// The billing rhythm of a recurring price; absent for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recurring: Option<ItemInterval>,
}

impl From<&LineItem> for OrderItem {
    fn from(line: &LineItem) -> Self {
        Self {
            price: line.lookup_key.as_ref().or(line.price.as_ref()).cloned(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_amount: line.unit_amount,
            recurring: line.recurring.as_ref().map(ItemInterval::from),
        }
    }
}

/// The tax settings of a line, as Stripe takes them with a price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LineTax {
    /// `txcd_…`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code: Option<String>,
    /// `inclusive`, `exclusive` or `unspecified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub behavior: Option<String>,
}

impl LineTax {
    /// Checks tax settings.
    ///
    /// # Errors
    ///
    /// The name of the wrong field, and its fault.
    pub fn parse(
        code: Option<String>,
        behavior: Option<String>,
    ) -> Result<Self, (&'static str, &'static str)> {
        let digits = code.as_deref().map(|code| code.strip_prefix("txcd_"));
        let is_code = |digits: Option<&str>| digits.is_some_and(is_id);
        if digits.is_some_and(|digits| !is_code(digits)) {
            return Err(("taxCode", "must be a tax code of Stripe's, `txcd_…`"));
        }
        match behavior.as_deref() {
            None | Some("inclusive" | "exclusive" | "unspecified") => Ok(Self { code, behavior }),
            _ => Err(("taxBehavior", "must be inclusive, exclusive or unspecified")),
        }
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
