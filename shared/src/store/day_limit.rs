//! The daily refund limit.

/// The most that a caller may refund within one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayLimit {
    /// The limit in minor units of the refund's currency, that refund included.
    AtMost(i64),
    /// No limit.
    Unlimited,
}
