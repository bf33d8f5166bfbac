//! The settings of purchases.

use std::time::Duration;

use super::Caps;
use crate::{
    env::{Reader, seconds},
    order::CaptureMethod,
};

/// The longest time in which an order has to be paid, in seconds: 30 days.
const MONTH: u64 = 30 * 24 * 60 * 60;

/// The settings of purchases.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `FAREBOX_PRICE_TTL`: the seconds for which a price is cached; 60 by default, 0 fetches it
    /// every time.
    pub price_ttl: Duration,
    /// `FAREBOX_MAX_AMOUNT`: the largest order, in minor units, in general and by currency;
    /// Stripe's limit of each currency by default.
    pub max_amount: Caps,
    /// `FAREBOX_RECEIPTS`: true when Stripe sends receipts to the addresses that the site signs;
    /// `stripe` by default.
    pub sends_receipts: bool,
    /// `FAREBOX_CAPTURE` and `FAREBOX_ORDER_TTL`: the terms of an order for which the site signed
    /// none.
    pub terms: Terms,
}

/// The terms of an order's payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// `FAREBOX_CAPTURE`: how Stripe takes the money; `automatic` by default.
    pub capture_method: CaptureMethod,
    /// `FAREBOX_ORDER_TTL`: the time in which an order has to be paid; without limit by default.
    pub order_ttl: Option<Duration>,
}

impl Terms {
    /// The time after which an order of `created_at` may not be paid any more, in Unix seconds.
    #[must_use]
    pub fn expires_at(&self, created_at: i64) -> Option<i64> {
        let seconds = i64::try_from(self.order_ttl?.as_secs()).ok()?;
        created_at.checked_add(seconds)
    }
}

impl Settings {
    /// Reads the settings; records faults in `read`.
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        let price_ttl = read.value("FAREBOX_PRICE_TTL", seconds(0..=3600));
        Self {
            price_ttl: price_ttl.unwrap_or(Duration::from_secs(60)),
            max_amount: read
                .value("FAREBOX_MAX_AMOUNT", Caps::parse)
                .unwrap_or_default(),
            sends_receipts: read.value("FAREBOX_RECEIPTS", receipts).unwrap_or(true),
            terms: Terms {
                capture_method: read
                    .value("FAREBOX_CAPTURE", CaptureMethod::parse)
                    .unwrap_or_default(),
                order_ttl: read.value("FAREBOX_ORDER_TTL", seconds(60..=MONTH)),
            },
        }
    }
}

/// `stripe` or `off`.
fn receipts(text: &str) -> Result<bool, &'static str> {
    match text {
        "stripe" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be `stripe` or `off`"),
    }
}
