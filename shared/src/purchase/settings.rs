//! The settings of purchases.

use std::time::Duration;

use super::Caps;
use crate::env::{Reader, seconds};

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
