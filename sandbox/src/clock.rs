//! The time now, and dates in UTC.

use time::OffsetDateTime;

/// The time now, in Unix seconds.
pub(crate) fn now() -> u64 {
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

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn seconds_become_a_moment() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso(1_700_000_000), "2023-11-14T22:13:20.000Z");
    }
}
