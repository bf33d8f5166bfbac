//! The time now, and dates in UTC.

use std::cell::Cell;

use time::OffsetDateTime;

thread_local! {
    /// The time of the test clock that the current change follows.
    static FROZEN: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Freezes [`now`] on this thread until it is dropped: the change follows a test clock.
#[derive(Debug)]
pub(crate) struct Frozen {
    before: Option<u64>,
}

impl Frozen {
    /// Freezes the time at these Unix seconds; `None` lets it run.
    pub(crate) fn at(seconds: Option<u64>) -> Self {
        let before = FROZEN.replace(seconds);
        Self { before }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        FROZEN.set(self.before);
    }
}

/// The time now, in Unix seconds; a test clock's time in a change that follows one.
pub(crate) fn now() -> u64 {
    FROZEN.get().unwrap_or_else(real_now)
}

/// The time of this machine, in Unix seconds, whatever a test clock says.
pub(crate) fn real_now() -> u64 {
    now_ms() / 1000
}

/// The time now, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let nanoseconds = OffsetDateTime::now_utc().unix_timestamp_nanos();
    u64::try_from(nanoseconds / 1_000_000).unwrap_or(0)
}

/// The current month and year.
pub(crate) fn this_month() -> (i64, i64) {
    let now = OffsetDateTime::now_utc();
    (u8::from(now.month()).into(), now.year().into())
}

/// Formats Unix seconds as ISO 8601, for example `2026-01-31T09:05:00.000Z`.
pub(crate) fn iso(seconds: u64) -> String {
    let at = i64::try_from(seconds).unwrap_or_default();
    let at = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second) = at.to_hms();
    let month = u8::from(month);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

/// Formats Unix seconds as the date in Stripe's descriptions, for example `31 Jan 2026`.
pub(crate) fn date(seconds: u64) -> String {
    let at = i64::try_from(seconds).unwrap_or_default();
    let at = OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let month = at.month().to_string();
    let month: String = month.chars().take(3).collect();
    format!("{:02} {month} {}", at.day(), at.year())
}

#[cfg(test)]
mod tests {
    use super::{date, iso};

    #[test]
    fn a_date_has_the_days_number_and_the_months_first_letters() {
        assert_eq!(date(951_782_400), "29 Feb 2000");
    }

    #[test]
    fn seconds_become_a_moment() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso(1_700_000_000), "2023-11-14T22:13:20.000Z");
    }
}
