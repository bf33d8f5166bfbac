//! The states of an order, derived from its facts.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::{
    disputes::Disputes,
    facts::{AttemptStatus, Facts},
};
use crate::{amount::Amount, event::Ending};

/// The status of an order.
///
/// An order can be paid while it is `created`, `requires_action` or `failed`. A payment that is
/// `processing` may take days, and one that is `authorized` waits for its capture. A `canceled` or
/// `expired` order was not paid. All other orders were paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ToSchema)]
#[schema(as = OrderStatus, rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// No attempt to pay was made.
    Created,
    /// The payer must act, such as for 3-D Secure.
    RequiresAction,
    /// The payment is processing; some methods take days.
    Processing,
    /// The payment is authorized: the shop captures it, or releases it.
    Authorized,
    /// The latest attempt failed; another may succeed.
    Failed,
    /// The payment was canceled; the order can no longer be paid.
    Canceled,
    /// The order's time ran out, or its Checkout Session's. A new request can open it again, where
    /// the order's own time has not run out.
    Expired,
    /// The payment succeeded.
    Paid,
    /// Part of the payment was refunded.
    PartiallyRefunded,
    /// The whole payment was refunded.
    Refunded,
    /// The payer's bank disputes the payment, and has not decided.
    Disputed,
    /// The bank decided every dispute for the shop.
    DisputeWon,
    /// The bank decided for the payer, and nothing of the payment is left.
    DisputeLost,
}

impl Status {
    /// The status of an order of `amount` with these facts, that `ended` so, and `attempt`, the
    /// status of the latest attempt.
    pub(super) fn of(
        facts: &Facts,
        ended: Option<Ending>,
        attempt: Option<AttemptStatus>,
        amount: Amount,
    ) -> Self {
        let refunded = facts.refunded_amount();
        let disputes = Disputes::of(facts, amount.minor_units(), amount.currency().as_str());
        let amount = amount.minor_units();
        match attempt {
            _ if disputes.is_open => Self::Disputed,
            // After a partial dispute, the rest of the payment stays with the shop.
            _ if disputes.lost > 0 && disputes.lost + refunded >= amount => Self::DisputeLost,
            _ if refunded > 0 && refunded >= amount => Self::Refunded,
            _ if refunded > 0 => Self::PartiallyRefunded,
            _ if disputes.is_won && disputes.lost == 0 => Self::DisputeWon,
            _ if disputes.lost > 0 => Self::Paid,
            _ if facts.paid_at().is_some() => Self::Paid,
            _ if facts.is_canceled() => Self::Canceled,
            _ if matches!(ended, Some(Ending::Canceled(_))) => Self::Canceled,
            _ if ended == Some(Ending::Expired) => Self::Expired,
            None | Some(AttemptStatus::Created | AttemptStatus::Released) => Self::Created,
            Some(AttemptStatus::RequiresAction) => Self::RequiresAction,
            Some(AttemptStatus::Processing) => Self::Processing,
            Some(AttemptStatus::Authorized) => Self::Authorized,
            Some(AttemptStatus::Expired) => Self::Expired,
            Some(AttemptStatus::Failed | AttemptStatus::PageFailed) => Self::Failed,
            Some(AttemptStatus::Abandoned | AttemptStatus::Canceled) => Self::Canceled,
        }
    }

    /// Returns true when the payer may pay, or pay again, and has not ended their part.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Created | Self::RequiresAction | Self::Failed)
    }

    /// Every status.
    pub const ALL: [Self; 13] = [
        Self::Created,
        Self::RequiresAction,
        Self::Processing,
        Self::Authorized,
        Self::Failed,
        Self::Canceled,
        Self::Expired,
        Self::Paid,
        Self::PartiallyRefunded,
        Self::Refunded,
        Self::Disputed,
        Self::DisputeWon,
        Self::DisputeLost,
    ];

    /// The status with this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// The name in Farebox's JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::Authorized => "authorized",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Disputed => "disputed",
            Self::DisputeWon => "dispute_won",
            Self::DisputeLost => "dispute_lost",
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_named_in_the_interface_as_it_is_answered() {
        let schema = serde_json::to_value(<Status as utoipa::PartialSchema>::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::json!(Status::ALL));
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
        }
    }
}
