//! The calendar of billing periods: an anchor, and whole intervals from it.

use serde_json::Value;
use time::{Date, Month, OffsetDateTime, util::days_in_month};

use crate::{
    billing::DAY,
    store::{number, text},
};

/// A recurring price's interval: `day`, `week`, `month` or `year`, and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    unit: Unit,
    count: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds(u64),
    Months(i64),
}

impl Interval {
    /// The interval in the `recurring` of a price.
    pub(crate) fn of(price: &Value) -> Self {
        let recurring = &price["recurring"];
        Self::new(
            text(recurring, "interval"),
            number(recurring, "interval_count"),
        )
    }

    /// An interval by Stripe's name; anything else counts as a month.
    pub(crate) fn new(unit: &str, count: i64) -> Self {
        let unit = match unit {
            "day" => Unit::Seconds(DAY),
            "week" => Unit::Seconds(7 * DAY),
            "year" => Unit::Months(12),
            _ => Unit::Months(1),
        };
        let count = count.max(1);
        Self { unit, count }
    }

    /// The end of the period in which `at` lies: the first whole number of intervals from `anchor`
    /// that comes after it. An anchor may lie in the future.
    pub(crate) fn end_after(self, anchor: u64, at: u64) -> u64 {
        let mut times = self.estimate(anchor, at);
        while self.from(anchor, times) > at {
            times -= 1;
        }
        while self.from(anchor, times) <= at {
            times += 1;
        }
        self.from(anchor, times)
    }

    /// The start of the period that ends at `end`, of those counted from `anchor`.
    pub(crate) fn start_before(self, anchor: u64, end: u64) -> u64 {
        let mut times = self.estimate(anchor, end);
        while self.from(anchor, times) < end {
            times += 1;
        }
        while self.from(anchor, times) >= end {
            times -= 1;
        }
        self.from(anchor, times)
    }

    /// A number of intervals between the two, off by a few at most.
    fn estimate(self, anchor: u64, at: u64) -> i64 {
        let length = match self.unit {
            Unit::Seconds(length) => length,
            Unit::Months(months) => 30 * DAY * months.unsigned_abs(),
        };
        (signed(at) - signed(anchor)) / (signed(length) * self.count)
    }

    /// This many intervals after `anchor`. A day that a month lacks is its last one.
    pub(crate) fn from(self, anchor: u64, times: i64) -> u64 {
        let times = times * self.count;
        match self.unit {
            Unit::Seconds(length) => {
                let at = signed(anchor) + signed(length) * times;
                u64::try_from(at).unwrap_or(0)
            }
            Unit::Months(months) => later(anchor, times * months),
        }
    }
}

fn later(anchor: u64, months: i64) -> u64 {
    let at = OffsetDateTime::from_unix_timestamp(signed(anchor));
    let at = at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = at.to_calendar_date();
    let count = i64::from(year) * 12 + i64::from(u8::from(month)) - 1 + months;
    let year = i32::try_from(count.div_euclid(12)).unwrap_or(year);
    let month = u8::try_from(count.rem_euclid(12) + 1).ok();
    let month = month.and_then(|month| Month::try_from(month).ok());
    let month = month.unwrap_or(Month::January);
    let day = day.min(days_in_month(month, year));
    let date = Date::from_calendar_date(year, month, day).unwrap_or(Date::MIN);
    u64::try_from(at.replace_date(date).unix_timestamp()).unwrap_or(0)
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::Interval;

    /// 2024-01-31 12:00:00 UTC.
    const JANUARY: u64 = 1_706_702_400;
    /// 2024-02-29 12:00:00 UTC.
    const FEBRUARY: u64 = 1_709_208_000;
    /// 2024-03-31 12:00:00 UTC.
    const MARCH: u64 = 1_711_886_400;

    #[test]
    fn a_month_without_the_anchors_day_ends_on_its_last_day_and_the_next_on_the_anchors() {
        let month = Interval::new("month", 1);
        assert_eq!(month.end_after(JANUARY, JANUARY), FEBRUARY);
        assert_eq!(month.end_after(JANUARY, FEBRUARY - 1), FEBRUARY);
        assert_eq!(month.end_after(JANUARY, FEBRUARY), MARCH);
        assert_eq!(month.start_before(JANUARY, MARCH), FEBRUARY);
    }

    #[test]
    fn a_future_anchor_ends_the_first_period() {
        for unit in ["day", "week", "month", "year"] {
            let interval = Interval::new(unit, 1);
            assert_eq!(interval.end_after(MARCH, MARCH - 60), MARCH, "{unit}");
        }
    }

    #[test]
    fn intervals_count_days_weeks_and_years() {
        let end = |unit, count| Interval::new(unit, count).end_after(FEBRUARY, FEBRUARY);
        assert_eq!(end("day", 3) - FEBRUARY, 3 * 86_400);
        assert_eq!(end("week", 2) - FEBRUARY, 14 * 86_400);
        assert_eq!(end("year", 1), 1_740_744_000, "2025-02-28");
        assert_eq!(end("year", 4), 1_835_438_400, "2028-02-29");
    }
}
