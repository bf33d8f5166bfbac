//! What a purchase may be, as the environment says.

use std::time::Duration;

use super::Caps;
use crate::env::{Reader, seconds};

/// What a purchase may be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `FAREBOX_PRICE_TTL`: seconds for which a price is held before Stripe is asked again; 60 by
    /// default, 0 asks every time.
    pub price_ttl: Duration,
    /// `FAREBOX_MAX_AMOUNT`: the largest order, in minor units, in general and by currency;
    /// Stripe's limit of each currency by default.
    pub max_amount: Caps,
}

impl Settings {
    /// Reads them; records in `read` what is wrong.
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        let price_ttl = read.value("FAREBOX_PRICE_TTL", seconds(0..=3600));
        Self {
            price_ttl: price_ttl.unwrap_or(Duration::from_secs(60)),
            max_amount: read
                .value("FAREBOX_MAX_AMOUNT", Caps::parse)
                .unwrap_or_default(),
        }
    }
}
