//! Behaviour of payment methods when they are charged or refunded.

/// The outcome of a charge, a debit or a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// The charge succeeds.
    Succeeds,
    /// The bank declines it.
    Declines(&'static Decline),
    /// It can be attached to a customer; the bank declines its charges.
    DeclinesOnceAttached,
    /// The payer has to pass a 3-D Secure challenge first.
    NeedsAuthentication,
    /// The same, until it is set up for payments without the payer.
    NeedsSetup,
    /// It is set up: the payer has to pass a challenge only when present.
    SetUp,
    /// The charge succeeds, and the payer disputes it at once.
    Disputed(DisputeCase),
    /// The charge succeeds, and a refund stays pending until the control plane ends it.
    PendingRefund,
    /// The charge succeeds. A refund succeeds, then fails on request of the control plane or on a
    /// timer.
    FailingRefund,
    /// A bank transfer or a voucher: the payer pays elsewhere, later.
    PaidElsewhere,
    /// A bank debit: processing until it ends.
    Debited(Debit),
}

/// The reason for a decline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decline {
    /// The error's `code`.
    pub(crate) code: &'static str,
    /// The error's `decline_code`.
    pub(crate) decline_code: &'static str,
    /// The message for the payer.
    pub(crate) message: &'static str,
}

/// The reason for a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DisputeCase {
    /// The cardholder did not make the payment.
    Fraudulent,
    /// The goods did not arrive.
    ProductNotReceived,
    /// An inquiry of the bank.
    Inquiry,
}

/// The result of a bank debit, unless the control plane names another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Debit {
    /// The money arrives.
    Succeeds,
    /// The bank does not pay.
    Fails(&'static Decline),
    /// It stays `processing` until the control plane ends it.
    StaysProcessing,
}
