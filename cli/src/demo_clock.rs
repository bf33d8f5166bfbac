//! The demo's clock: time passes for a subscription, at the sandbox alone.
//!
//! Farebox creates the Stripe customer itself, without a test clock: the first step puts the
//! customer onto one.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use sandbox::Sandbox;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::activity::{Activity, Entry, Source};

/// A day, in seconds.
const DAY: u64 = 86_400;
/// The time before the end of a trial at which Stripe announces it.
const NOTICE: u64 = 3 * DAY;
/// The time after the end of a period at which its invoice has been collected: an hour, and a bit.
const COLLECTED: u64 = 3660;
/// The card that is declined once a customer has it.
const DECLINED: &str = "pm_card_chargeCustomerFail";
/// The longest wait for the events of a step: they arrive late, or not at all, when the page's
/// switches say so.
const EVENTS: Duration = Duration::from_secs(8);

/// The sandbox, and the feed.
#[derive(Clone, Debug)]
pub(crate) struct DemoClock {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) activity: Activity,
}

/// The routes of the clock.
pub(crate) fn routes(clock: DemoClock) -> Router {
    Router::new()
        .route("/dev/clock", get(read).post(pass))
        .with_state(clock)
}

/// A step of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Advance {
    /// A month passes.
    Month,
    /// The trial ends.
    TrialEnd,
    /// The next payment is due, by a card that is declined.
    Decline,
}

impl Advance {
    /// The row's title.
    fn title(self) -> &'static str {
        match self {
            Self::Month => "a month later",
            Self::TrialEnd => "the trial ends",
            Self::Decline => "the card is declined",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    subscription: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Passing {
    subscription: String,
    step: Advance,
}

/// The reason that no time passed.
enum Stopped {
    NoSubscription,
    Ended,
    NoTrial,
    Refused(Value),
}

impl IntoResponse for Stopped {
    fn into_response(self) -> Response {
        let (status, code, message) = match self {
            Self::NoSubscription => (404, "not_found", "the sandbox has no such subscription"),
            Self::Ended => (409, "subscription_ended", "the subscription ended"),
            Self::NoTrial => (409, "no_trial", "the subscription is not in a trial"),
            Self::Refused(error) => {
                tracing::warn!(%error, "the sandbox refuses a step of the demo's clock");
                (409, "refused", "the sandbox refuses this step")
            }
        };
        let body = json!({ "error": { "code": code, "message": message } });
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(body)).into_response()
    }
}

/// The time at a subscription's clock, `null` while it follows the real time.
async fn read(
    State(clock): State<DemoClock>,
    Query(subject): Query<Subject>,
) -> Result<Json<Value>, Stopped> {
    let held = clock.held(&subject.subscription)?;
    let time = match held["test_clock"].is_string() {
        true => clock.adopted(&held)?["frozen_time"].clone(),
        false => Value::Null,
    };
    Ok(Json(json!({ "time": time })))
}

/// Lets time pass, and waits until the events of each stop arrived.
async fn pass(
    State(clock): State<DemoClock>,
    Json(passing): Json<Passing>,
) -> Result<Json<Value>, Stopped> {
    let held = clock.held(&passing.subscription)?;
    match (held["status"].as_str(), passing.step) {
        (Some("canceled" | "incomplete_expired"), _) => return Err(Stopped::Ended),
        (status, Advance::TrialEnd) if status != Some("trialing") => return Err(Stopped::NoTrial),
        _ => {}
    }
    let adopted = clock.adopted(&held)?;
    let now = adopted["frozen_time"].as_u64().unwrap_or_default();
    let id = adopted["id"].as_str().unwrap_or_default();
    if passing.step == Advance::Decline {
        clock.lose_card(&held)?;
    }
    let stops = stops(&held, now, passing.step);
    let end = stops.last().copied().unwrap_or(now);
    let row = Entry::new(Source::Clock, passing.step.title());
    clock.activity.add(row.detail(format!(
        "the sandbox's test clock advances by {} days",
        (end - now).div_ceil(DAY)
    )));
    for at in stops {
        let advanced = clock.sandbox.advance_clock(id, at);
        advanced.map_err(Stopped::Refused)?;
        let _ = tokio::time::timeout(EVENTS, clock.sandbox.delivered_all()).await;
    }
    Ok(Json(json!({ "time": end })))
}

impl DemoClock {
    fn held(&self, id: &str) -> Result<Value, Stopped> {
        let all = self.sandbox.subscriptions().into_iter();
        let mut all = all.filter(|held| held["id"] == *id);
        all.next().ok_or(Stopped::NoSubscription)
    }

    fn adopted(&self, held: &Value) -> Result<Value, Stopped> {
        let customer = held["customer"].as_str().unwrap_or_default();
        let clock = self.sandbox.adopt_clock(customer);
        clock.map_err(Stopped::Refused)
    }

    /// Makes the subscription's card one that is declined.
    fn lose_card(&self, held: &Value) -> Result<(), Stopped> {
        let text = |field: &str| held[field].as_str().unwrap_or_default();
        let card = self.sandbox.keep(text("customer"), DECLINED);
        let card = card.map_err(Stopped::Refused)?;
        let params = json!({ "default_payment_method": card["id"] });
        let changed = self.sandbox.change_subscription(text("id"), params);
        changed.map(drop).map_err(Stopped::Refused)
    }
}

/// The times at which the clock stops, in order. Stripe's events say what happened, not what it led
/// to: those of a stop arrive before the next, as they would in a month.
fn stops(held: &Value, now: u64, step: Advance) -> Vec<u64> {
    let item = &held["items"]["data"][0];
    let next = item["current_period_end"].as_u64().unwrap_or(now);
    let trial = held["status"] == "trialing";
    let monthly = item["price"]["recurring"]["interval"] == "month";
    let end = match step {
        Advance::Month if trial || !monthly => now + 31 * DAY,
        Advance::Month | Advance::TrialEnd | Advance::Decline => next + COLLECTED,
    };
    let notice = trial.then(|| next.saturating_sub(NOTICE));
    let all = notice.into_iter().chain([next, next + COLLECTED, end]);
    let mut stops: Vec<u64> = all.filter(|at| (now + 1..=end).contains(at)).collect();
    stops.sort_unstable();
    stops.dedup();
    stops
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Advance, COLLECTED, DAY, NOTICE, stops};

    const NOW: u64 = 1_790_000_000;

    fn held(status: &str, interval: &str, days: u64) -> serde_json::Value {
        let end = NOW + days * DAY;
        json!({ "status": status, "items": { "data": [
            { "current_period_end": end, "price": { "recurring": { "interval": interval } } },
        ] } })
    }

    #[test]
    fn a_month_ends_when_the_next_payment_of_a_monthly_plan_was_collected() {
        let end = NOW + 28 * DAY;
        let stops = stops(&held("active", "month", 28), NOW, Advance::Month);
        assert_eq!(stops, [end, end + COLLECTED]);
    }

    #[test]
    fn a_yearly_plan_renews_after_a_month_only_if_its_year_ends_in_it() {
        let month = NOW + 31 * DAY;
        assert_eq!(
            stops(&held("active", "year", 365), NOW, Advance::Month),
            [month]
        );
        let end = NOW + 5 * DAY;
        let stops = stops(&held("active", "year", 5), NOW, Advance::Month);
        assert_eq!(stops, [end, end + COLLECTED, month]);
    }

    #[test]
    fn a_trial_is_announced_before_it_ends() {
        let end = NOW + 14 * DAY;
        let trial = held("trialing", "month", 14);
        let all = [end - NOTICE, end, end + COLLECTED];
        for step in [Advance::TrialEnd, Advance::Decline] {
            assert_eq!(stops(&trial, NOW, step), all);
        }
        let whole = [&all[..], &[NOW + 31 * DAY]].concat();
        assert_eq!(stops(&trial, NOW, Advance::Month), whole);
        let late = held("trialing", "month", 1);
        let end = NOW + DAY;
        assert_eq!(stops(&late, NOW, Advance::TrialEnd), [end, end + COLLECTED]);
    }
}
