//! How late a notification may be on Vercel's Hobby plan, whose schedule calls `notify` once a day,
//! when the site is down for an hour.
//!
//! The database is a file, the site a server that answers 503 and later 204, and the code that of
//! `webhook` and `notify`. Only the clock is the test's. It asks for the worst case: an order sends
//! one request, the event of its payment, and no payer returns to a page. The bounds stand in
//! `docs/notifications.md`; this prints the figures:
//!
//! ```sh
//! cargo test -p webhook how_late -- --nocapture
//! ```

use notify::{Notifier, trigger::Trigger};
use testing::{Endpoint, NOW, Shop, TestServer};
use webhook::service;

use crate::{deliver, foreign};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// The time for which the site is down, from [`NOW`] on.
const OUTAGE: i64 = HOUR;

/// What happens at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Activity {
    /// An order is paid.
    Paid,
    /// Vercel's schedule calls `notify`.
    Scheduled,
}

/// How late the latest notification is, in seconds.
#[derive(Clone, Copy, Default)]
struct Latest {
    /// After it was written.
    after_event: i64,
    /// After the site is up again.
    after_outage: i64,
}

impl Latest {
    fn or(self, other: Self) -> Self {
        Self {
            after_event: self.after_event.max(other.after_event),
            after_outage: self.after_outage.max(other.after_outage),
        }
    }
}

/// The latest notification of a shop with a paid order every `every` seconds, from `first` to
/// `until`, and a daily schedule from `scheduled` on; all in seconds after the outage began.
async fn latest(every: i64, first: i64, scheduled: i64, until: i64) -> Latest {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let changes = [
        ("FAREBOX_NOTIFY_URL", endpoint.url()),
        ("FAREBOX_NOTIFY_EVENTS", "customer.*"),
    ];
    let mut shop = Shop::open_with(&changes).await.at_fixed_time();
    shop.config.delivers_in_requests = true;
    let notifier = Notifier::new(&shop.config, shop.store.clone(), shop.clock.clone());
    let api = TestServer::over(shop, service).await;
    let times = |first: i64, every: i64, activity| {
        (first..until)
            .step_by(usize::try_from(every).unwrap())
            .map(move |at| (at, activity))
    };
    let mut activities: Vec<(i64, Activity)> = times(first, every, Activity::Paid).collect();
    let paid = activities.len();
    activities.extend(times(scheduled, DAY, Activity::Scheduled));
    activities.sort_unstable();

    let (mut seen, mut delivered, mut latest) = (0, 0, Latest::default());
    for (n, (at, activity)) in activities.into_iter().enumerate() {
        api.shop.clock.advance(NOW + at - api.shop.clock.now());
        endpoint.answer_with(if (0..OUTAGE).contains(&at) { 503 } else { 204 });
        match activity {
            Activity::Paid => {
                let event = foreign(&format!("evt_{n}"), "customer.created");
                let _ = deliver(&api, &event).await.expect(200);
            }
            Activity::Scheduled => {
                notifier.handle(Trigger::default()).await.unwrap();
            }
        }
        let received = endpoint.received();
        for message in received[seen..].iter().filter(|one| one.is_acknowledged) {
            delivered += 1;
            let written = message.body["timestamp"].as_i64().unwrap() - NOW;
            latest.after_event = latest.after_event.max(at - written);
            if (0..OUTAGE).contains(&written) {
                latest.after_outage = latest.after_outage.max(at - OUTAGE);
            }
        }
        seen = received.len();
    }
    assert_eq!(delivered, paid, "each is delivered, and once");
    latest
}

#[tokio::test]
async fn how_late_a_notification_is_after_an_hour_of_a_site_that_is_down() {
    // One order a day: whenever it is paid during the outage, whenever the schedule calls.
    let mut one = Latest::default();
    for first in [0, 20 * MINUTE, OUTAGE - 1] {
        for scheduled in [10 * MINUTE, OUTAGE - 1, 2 * HOUR, 12 * HOUR, DAY - 1] {
            one = one.or(latest(DAY, first, scheduled, 3 * DAY).await);
        }
    }
    // One order, and no request after it.
    let single = latest(3 * DAY, 0, OUTAGE - 1, 3 * DAY).await;
    // 1,000 orders a day: from before the outage until long after it, without the schedule.
    let every = DAY / 1000;
    let many = latest(every, -HOUR, 2 * DAY, 6 * HOUR).await;

    let shops = [("1 order", single), ("1 a day", one), ("1,000 a day", many)];
    for (orders, latest) in shops {
        println!(
            "{orders}: at most {} min late, {} min after the site is up again",
            latest.after_event / MINUTE,
            latest.after_outage / MINUTE
        );
    }
    assert!(single.after_event <= DAY + OUTAGE);
    assert!(one.after_event <= DAY);
    assert!(many.after_outage <= 15 * MINUTE);
    assert!(many.after_event <= OUTAGE + 15 * MINUTE);
}
