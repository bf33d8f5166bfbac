//! A time range, requested on the command line or in an event by hand.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{rfc3339, stripe::KEPT};

/// The tolerance, in seconds, of Stripe's thirty days, some of which pass before the run starts.
const SLACK: i64 = 60 * 60;

/// The range of events created at `since` or later, and before `until`; both in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TimeRange {
    /// Its start.
    pub since: i64,
    /// Its exclusive end.
    pub until: i64,
}

/// The reason why a time range is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeRangeError {
    /// It is not a time.
    #[error("`{0}` must be a time such as 2026-11-20T12:00:00Z, or Unix seconds")]
    NotATime(&'static str),
    /// Stripe no longer has its events.
    #[error("Stripe keeps events for 30 days: `since` can be {0} at the earliest")]
    TooOld(String),
    /// It is empty.
    #[error("`since` must be before `until`, and before now")]
    Empty,
    /// The event has unknown fields.
    #[error("an event by hand has `since` and, optionally, `until`")]
    Unknown,
}

impl TimeRange {
    /// Reads an operator's input at `now` (Unix seconds); without an end it ends now.
    ///
    /// # Errors
    ///
    /// [`TimeRangeError`] tells the fault.
    pub fn parse(since: &str, until: Option<&str>, now: i64) -> Result<Self, TimeRangeError> {
        let time = |name, text: &str| {
            let seconds = rfc3339::seconds(text);
            seconds.ok_or(TimeRangeError::NotATime(name))
        };
        let since = time("since", since)?;
        let until = until.map_or(Ok(now), |until| time("until", until))?;
        let earliest = now - KEPT;
        if since < earliest - SLACK {
            return Err(TimeRangeError::TooOld(rfc3339::format(earliest)));
        }
        match since < until && since < now {
            true => Ok(Self { since, until }),
            false => Err(TimeRangeError::Empty),
        }
    }
}

impl TimeRange {
    /// The range that contains this one and `other`.
    pub(crate) fn and(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or(self);
        Self {
            since: self.since.min(other.since),
            until: self.until.max(other.until),
        }
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (since, until) = (rfc3339::format(self.since), rfc3339::format(self.until));
        write!(f, "--since {since} --until {until}")
    }
}

/// An event from Lambda: EventBridge's schedule, or `{"since": …, "until": …}` by hand.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Trigger(Value);

/// An event by hand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHand {
    since: Value,
    #[serde(default)]
    until: Value,
}

impl Trigger {
    /// The requested time range; `None` for a scheduled run.
    ///
    /// # Errors
    ///
    /// [`TimeRangeError`] when the time range is not valid.
    pub fn time_range(self, now: i64) -> Result<Option<TimeRange>, TimeRangeError> {
        let is_scheduled = match &self.0 {
            Value::Object(fields) => fields.is_empty() || fields.contains_key("detail-type"),
            other => other.is_null(),
        };
        if is_scheduled {
            return Ok(None);
        }
        let ByHand { since, until } =
            serde_json::from_value(self.0).map_err(|_| TimeRangeError::Unknown)?;
        let since = text(since).ok_or(TimeRangeError::NotATime("since"))?;
        TimeRange::parse(&since, text(until).as_deref(), now).map(Some)
    }
}

fn text(time: Value) -> Option<String> {
    match time {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-09-21T14:13:20Z
    const NOW: i64 = 1_790_000_000;

    #[test]
    fn a_span_is_read_from_either_form_of_time() {
        let until_now = TimeRange::parse("1789990000", None, NOW);
        assert_eq!(
            until_now,
            Ok(TimeRange {
                since: 1_789_990_000,
                until: NOW
            })
        );
        let named = TimeRange::parse(
            "2026-09-20T00:00:00Z",
            Some("2026-09-20T02:00:00+01:00"),
            NOW,
        );
        let hour = named.map(|range| range.until - range.since);
        assert_eq!(hour, Ok(3_600));
    }

    #[test]
    fn what_is_no_span_is_told_apart() {
        let error = |since: &str, until| TimeRange::parse(since, until, NOW).unwrap_err();
        assert_eq!(error("yesterday", None), TimeRangeError::NotATime("since"));
        assert_eq!(
            error("1789990000", Some("now")),
            TimeRangeError::NotATime("until")
        );
        assert_eq!(
            error("1789990000", Some("1789990000")),
            TimeRangeError::Empty
        );
        assert_eq!(
            error("1790000001", Some("1790000002")),
            TimeRangeError::Empty
        );
        let old = error("2026-08-01T00:00:00Z", None).to_string();
        assert!(
            old.contains("2026-08-22T14:13:20Z at the earliest"),
            "{old}"
        );
    }

    #[test]
    fn thirty_days_can_be_asked_for() {
        let since = (NOW - KEPT - 5).to_string();
        assert!(TimeRange::parse(&since, None, NOW).is_ok());
    }

    #[test]
    fn a_trigger_is_the_schedules_or_names_a_span() {
        let range = |trigger: Value| Trigger(trigger).time_range(NOW);
        let scheduled = json!({ "version": "0", "detail-type": "Scheduled Event",
            "source": "aws.events", "detail": {} });
        for scheduled in [scheduled, json!({}), json!(null)] {
            assert_eq!(range(scheduled), Ok(None));
        }
        let asked = Ok(Some(TimeRange {
            since: NOW - 60,
            until: NOW,
        }));
        assert_eq!(range(json!({ "since": NOW - 60 })), asked);
        assert_eq!(
            range(json!({ "since": "2026-09-21T14:12:20Z", "until": NOW })),
            asked
        );
        for unknown in [json!({ "from": NOW - 60 }), json!([]), json!("now")] {
            assert_eq!(range(unknown), Err(TimeRangeError::Unknown));
        }
        assert_eq!(
            range(json!({ "since": null })),
            Err(TimeRangeError::NotATime("since"))
        );
    }
}
