//! The pending step of a payment that is processing, and its deadline.
//!
//! Some payment methods end days after the payer left: a voucher is paid in a shop, a transfer at a
//! bank. They cannot be ended sooner, so the order names the pending step. The payer has the
//! voucher itself from Stripe, on its page and by e-mail: its number and its URL are for the payer
//! alone.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{event::NextAction, rfc3339};

/// The pending step of a payment that ends days after the payer left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Awaited {
    /// The kind of the step.
    kind: AwaitedKind,
    /// The payer's deadline, in Unix seconds; `null` if there is none. Stripe may report a missed
    /// one only days later.
    #[schema(required)]
    until: Option<i64>,
}

/// The kind of a pending step: a voucher to pay, a bank transfer to arrive, or two microdeposits to
/// confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AwaitedKind {
    /// A voucher or a code, which the payer pays in a shop or at a bank: boleto, konbini,
    /// Multibanco, OXXO.
    Voucher,
    /// A transfer to an account that Stripe named to the payer.
    BankTransfer,
    /// The payer's confirmation of two microdeposits, which verify a bank account.
    Microdeposits,
}

impl Awaited {
    /// The pending step of `action`; `None` for one that the payer does at once, such as 3-D
    /// Secure.
    pub(super) fn of(action: &NextAction) -> Option<Self> {
        let voucher = match action.kind.as_str() {
            "boleto_display_details" => &action.boleto_display_details,
            "konbini_display_details" => &action.konbini_display_details,
            "multibanco_display_details" => &action.multibanco_display_details,
            "oxxo_display_details" => &action.oxxo_display_details,
            "display_bank_transfer_instructions" => return Some(AwaitedKind::BankTransfer.alone()),
            "verify_with_microdeposits" => return Some(AwaitedKind::Microdeposits.alone()),
            _ => return None,
        };
        let expiry = voucher.as_ref();
        let until = expiry.and_then(|expiry| expiry.expires_at.or(expiry.expires_after));
        Some(Self {
            kind: AwaitedKind::Voucher,
            until,
        })
    }
}

impl AwaitedKind {
    fn alone(self) -> Awaited {
        Awaited {
            kind: self,
            until: None,
        }
    }
}

impl std::fmt::Display for Awaited {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.kind {
            AwaitedKind::Voucher => "the payment of a voucher",
            AwaitedKind::BankTransfer => "the arrival of a bank transfer",
            AwaitedKind::Microdeposits => "the payer's confirmation of two microdeposits",
        })?;
        match self.until {
            Some(until) => write!(f, " by {}", rfc3339::format(until)),
            None => Ok(()),
        }
    }
}
