//! The pending step of a payment that is processing, and its deadline.
//!
//! Some payment methods end days after the payer left: a voucher is paid in a shop, a transfer at a
//! bank. They cannot be ended sooner, so the order names the pending step. The payer has the
//! voucher itself from Stripe, on its page and by e-mail: its number and its URL are for the payer
//! alone.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{event::NextAction, rfc3339};

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Awaited {
    kind: AwaitedKind,
    /// The last moment to pay it, in Unix seconds, where there is one. That it was not paid may be
    /// known some days later.
    #[schema(required)]
    until: Option<i64>,
}

/// The kinds of payments that end long after the payer left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AwaitedKind {
    /// A voucher, or a code, that the payer pays in a shop or at a bank: boleto, konbini,
    /// Multibanco, OXXO.
    Voucher,
    /// A transfer to an account that Stripe named to the payer.
    BankTransfer,
    /// The payer's word on two small deposits that prove a bank account.
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
            AwaitedKind::Voucher => "a voucher that is to be paid",
            AwaitedKind::BankTransfer => "a bank transfer that is to arrive",
            AwaitedKind::Microdeposits => "the payer's confirmation of two small deposits",
        })?;
        match self.until {
            Some(until) => write!(f, " by {}", rfc3339::format(until)),
            None => Ok(()),
        }
    }
}
