//! A saved payment method, as the response shows it.

use serde::Serialize;
use shared::stripe::{Card, PaymentMethod};
use utoipa::ToSchema;

/// A saved payment method.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentMethod)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentMethodView {
    /// `pm_…`; a signed order may name it as `paymentMethod`.
    id: String,
    /// Stripe's type, such as `card` or `sepa_debit`.
    #[serde(rename = "type")]
    kind: String,
    /// True for the one that the customer, or the shop, made the default at Stripe.
    is_default: bool,
    /// Absent for another type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    card: Option<CardView>,
}

/// A saved card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Card)]
#[serde(rename_all = "camelCase")]
struct CardView {
    /// Stripe's name of the brand, such as `visa`.
    brand: String,
    /// The last four digits of the number.
    last4: String,
    /// From 1 to 12.
    exp_month: i64,
    /// With four digits.
    exp_year: i64,
}

impl PaymentMethodView {
    pub(crate) fn of(method: PaymentMethod, default: Option<&str>) -> Self {
        Self {
            is_default: default == Some(method.id.as_str()),
            id: method.id,
            kind: method.kind,
            card: method.card.map(CardView::of),
        }
    }
}

impl CardView {
    fn of(card: Card) -> Self {
        Self {
            brand: card.brand,
            last4: card.last4,
            exp_month: card.exp_month,
            exp_year: card.exp_year,
        }
    }
}
