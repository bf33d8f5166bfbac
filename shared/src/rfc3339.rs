//! Times as text: `2026-09-30T12:00:00Z` (RFC 3339), from and to Unix seconds.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Reads Unix seconds from `text`; drops what is below a second. `None` when it is no such time.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    // The standard permits any sign between date and time; `T` alone is what Stripe and AWS send.
    let is_usual = text.as_bytes().get(10) == Some(&b'T');
    let time = OffsetDateTime::parse(text, &Rfc3339).ok();
    time.filter(|_| is_usual)
        .map(OffsetDateTime::unix_timestamp)
}

/// Reads such a time, or Unix seconds as a number. `None` when `text` is neither.
#[must_use]
pub fn seconds(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| parse(text))
}

/// Writes `seconds` since 1970 in UTC. Before the year 0 and after 9999 there is no such text: it
/// writes the nearest that there is.
#[must_use]
pub fn format(seconds: i64) -> String {
    const FIRST: i64 = -62_167_219_200;
    const LAST: i64 = 253_402_300_799;
    let time = OffsetDateTime::from_unix_timestamp(seconds.clamp(FIRST, LAST));
    let text = time.ok().and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_second() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2000-02-29T23:59:59.999Z"), Some(951_868_799));
        assert_eq!(parse("2026-12-31T00:00:00.000Z"), Some(1_798_675_200));
        assert_eq!(parse("2026-12-31T02:30:00+02:30"), Some(1_798_675_200));
        assert_eq!(parse("2026-12-30T16:00:00-08:00"), Some(1_798_675_200));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for bad in [
            "",
            "today",
            "2026-12-31",
            "2026-12-31T00:00:00",
            "2026-12-31 00:00:00Z",
            "2026-12-31T00:00:00.Z",
            "2026-12-31T00:00:00+2:00",
            "2026-12-31T00:00:00+24:00",
            "2026-12-31T24:00:00Z",
            "2026-12-31T00:60:00Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:0éZ",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(format(1_798_675_199), "2026-12-30T23:59:59Z");
        assert_eq!(format(i64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(format(i64::MIN), "0000-01-01T00:00:00Z");
        let days = (-800 * 365..800 * 365).step_by(7);
        for seconds in days.map(|day: i64| day * 86_400 + 4_242) {
            assert_eq!(parse(&format(seconds)), Some(seconds));
        }
    }
}
