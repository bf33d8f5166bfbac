//! The faults that wait for their requests.

use std::time::Duration;

use super::{Fault, Kind};

/// The faults that still wait for their requests.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

/// What strikes one request.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    /// How much longer it takes.
    pub(crate) delay: Duration,
    /// What else goes wrong.
    pub(crate) fault: Option<Fault>,
}

impl Faults {
    /// Adds a fault behind the others.
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Drops every fault that has not struck yet.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes what strikes this request: every matching delay, and the first matching other fault.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Strike {
        let mut strike = Strike::default();
        self.0.retain_mut(|fault| {
            if !fault.is_for(method, path) {
                return true;
            }
            match fault.kind {
                Kind::Latency(delay) => strike.delay += delay,
                _ if strike.fault.is_some() => return true,
                _ => strike.fault = Some(fault.clone()),
            }
            let last = fault.times == 1;
            fault.times = fault.times.saturating_sub(1);
            !last
        });
        strike
    }
}
