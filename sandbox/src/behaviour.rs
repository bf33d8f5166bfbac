//! Behaviour of payment methods when they are charged or refunded.

/// The outcome of a charge, a debit or a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// It pays.
    Succeeds,
    /// The bank declines.
    Declines(&'static Decline),
    /// A customer can attach it, and the bank declines when it is charged.
    DeclinesOnceAttached,
    /// The payer has to answer a 3-D Secure challenge first.
    NeedsAuthentication,
    /// It pays, and the payer disputes it at once.
    Disputed(DisputeCase),
    /// It pays, and a refund stays pending until the control plane ends it.
    PendingRefund,
    /// It pays, and a refund succeeds, then fails on a call of the control plane or on a timer.
    FailingRefund,
    /// A bank transfer or a voucher: the payer pays elsewhere, later.
    PaidElsewhere,
    /// A bank debit: processing until it ends.
    Debited(Debit),
}

/// The reason for which a bank declines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decline {
    /// The error's `code`.
    pub(crate) code: &'static str,
    /// The error's `decline_code`.
    pub(crate) decline_code: &'static str,
    /// For the payer.
    pub(crate) message: &'static str,
}

/// The reason for which a payer disputes a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisputeCase {
    /// The cardholder did not make the payment.
    Fraudulent,
    /// The goods did not arrive.
    ProductNotReceived,
    /// The bank only asks.
    Inquiry,
}

/// The end of a bank debit, unless the control plane names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Debit {
    /// The money arrives.
    Succeeds,
    /// The bank does not pay.
    Fails(&'static Decline),
    /// It stays `processing` until the control plane ends it.
    StaysProcessing,
}
