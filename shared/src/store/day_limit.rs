//! How much may be refunded within one day.

/// The most that may be moved within one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DayLimit {
    /// So many minor units of the amount's currency, that amount included.
    AtMost(i64),
    /// As much as there is.
    Unlimited,
}
