//! The settings of calls to Stripe.

use std::time::Duration;

use crate::env::{ApiBase, Reader, seconds};

/// The settings of calls to Stripe.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `STRIPE_API_BASE`: the base URL of Stripe's API; `https://api.stripe.com` by default, and
    /// plain `http` on this machine alone.
    pub api_base: ApiBase,
    /// `FAREBOX_STRIPE_DEADLINE`: the seconds that one call to Stripe may take, all attempts
    /// together; 20 by default.
    pub deadline: Duration,
}

impl Settings {
    /// Reads the settings; records faults in `read`.
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        let api_base = read.value("STRIPE_API_BASE", ApiBase::parse);
        let deadline = read.value("FAREBOX_STRIPE_DEADLINE", seconds(1..=60));
        Self {
            api_base: api_base.unwrap_or_default(),
            deadline: deadline.unwrap_or(Duration::from_secs(20)),
        }
    }
}
