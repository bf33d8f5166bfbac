//! The cursor between runs. Pure.
//!
//! The cursor goes by the times of Stripe's events and not by this machine's clock, which only
//! limits how far a run may reach: a wrong clock delays events, and skips none.

use serde::{Deserialize, Serialize};
use shared::stripe::KEPT;

use crate::RunLimits;

/// The seconds that the first run looks back: as long as Stripe itself retries a delivery.
const FIRST: i64 = 3 * 24 * 60 * 60;

/// The progress of the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cursor {
    /// All events created before `from` were processed: the next window starts there.
    Next {
        /// In Unix seconds.
        from: i64,
    },
    /// All events created before this window were processed, and those of the window that are
    /// listed up to its place.
    Within(Window),
}

/// A time range of events, and the place reached in their list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Its start, in Unix seconds.
    pub(crate) from: i64,
    /// Its exclusive end, in Unix seconds.
    pub(crate) until: i64,
    /// The last processed event.
    pub(crate) after: Option<String>,
    /// The creation time of the newest processed event.
    pub(crate) newest: Option<i64>,
    /// The creation time of the oldest processed event.
    pub(crate) oldest: Option<i64>,
}

impl Window {
    pub(crate) fn new(from: i64, until: i64) -> Self {
        Self {
            from,
            until,
            after: None,
            newest: None,
            oldest: None,
        }
    }

    /// True when no event can be in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.from >= self.until
    }

    /// Records a processed event, the last so far.
    pub(crate) fn pass(&mut self, id: Option<&str>, created: Option<i64>) {
        if let Some(id) = id {
            self.after = Some(id.to_owned());
        }
        self.newest = self.newest.max(created);
        self.oldest = match (self.oldest, created) {
            (Some(oldest), Some(created)) => Some(oldest.min(created)),
            (oldest, created) => oldest.or(created),
        };
    }
}

impl Cursor {
    /// The cursor after the whole of `window`. Without an event Stripe's time is unknown, and the
    /// next window starts where this one did.
    pub(crate) fn whole(window: &Window, overlap: i64) -> Self {
        let newest = window.newest.unwrap_or(window.from);
        Self::Next {
            from: window.from.max(newest - overlap),
        }
    }

    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).expect("numbers and text can be written")
    }
}

/// The next window for a run at `now`.
pub(crate) fn next(cursor: Option<String>, now: i64, limits: &RunLimits) -> Window {
    let until = now - limits.lag;
    let cursor = cursor.map(|text| serde_json::from_str(&text));
    let from = match cursor {
        Some(Ok(Cursor::Within(window))) => return window,
        // A clock that was far ahead may have left a cursor in the future.
        Some(Ok(Cursor::Next { from })) if from < until => from,
        Some(Ok(Cursor::Next { .. })) | None => until - FIRST,
        Some(Err(_)) => {
            tracing::warn!(
                "reconcile cannot read its cursor, and lists all events that Stripe keeps"
            );
            until - KEPT
        }
    };
    Window::new(from.max(now - KEPT), until)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000;
    const DAY: i64 = 24 * 60 * 60;

    fn limits() -> RunLimits {
        RunLimits {
            lag: 60,
            overlap: 600,
            ..RunLimits::default()
        }
    }

    fn next_after(cursor: &Cursor) -> Window {
        next(Some(cursor.to_text()), NOW, &limits())
    }

    #[test]
    fn the_first_window_is_of_three_days() {
        let first = next(None, NOW, &limits());
        assert_eq!(first, Window::new(NOW - 60 - 3 * DAY, NOW - 60));
    }

    #[test]
    fn a_window_begins_before_the_newest_event_of_the_last() {
        let mut window = Window::new(NOW - 5_000, NOW - 1_000);
        for created in [NOW - 1_200, NOW - 1_100, NOW - 4_000] {
            window.pass(Some("evt_1"), Some(created));
        }
        let cursor = Cursor::whole(&window, 600);
        assert_eq!(next_after(&cursor), Window::new(NOW - 1_700, NOW - 60));
    }

    #[test]
    fn a_window_without_events_does_not_move_the_next_ones_begin() {
        let empty = Window::new(NOW - 5_000, NOW - 1_000);
        assert_eq!(
            next_after(&Cursor::whole(&empty, 600)),
            Window::new(NOW - 5_000, NOW - 60)
        );
    }

    #[test]
    fn a_clock_that_is_ahead_skips_nothing() {
        // An hour ahead, with an event of now.
        let ahead = next(None, NOW + 3_600, &limits());
        let mut window = ahead;
        window.pass(Some("evt_1"), Some(NOW));
        let after = next(
            Some(Cursor::whole(&window, 600).to_text()),
            NOW + 3_900,
            &limits(),
        );
        assert_eq!(after.from, NOW - 600);
        // Ten days ahead, without an event; then the clock is corrected.
        let cursor = Cursor::whole(&next(None, NOW + 10 * DAY, &limits()), 600);
        assert_eq!(next_after(&cursor).from, NOW - 60 - 3 * DAY);
    }

    #[test]
    fn a_window_that_was_begun_goes_on_where_it_was() {
        let mut window = Window::new(NOW - 50 * DAY, NOW - 49 * DAY);
        window.pass(Some("evt_1"), Some(NOW - 50 * DAY));
        assert_eq!(next_after(&Cursor::Within(window.clone())), window);
    }

    #[test]
    fn no_window_begins_before_what_stripe_keeps() {
        let old = Cursor::Next {
            from: NOW - 40 * DAY,
        };
        assert_eq!(next_after(&old).from, NOW - KEPT);
    }

    #[test]
    fn a_mark_that_cannot_be_read_skips_nothing() {
        let window = next(Some("{\"later\":1}".to_owned()), NOW, &limits());
        assert_eq!(window, Window::new(NOW - KEPT, NOW - 60));
    }
}
