//! Injected faults, and the requests that they match.

use std::time::Duration;

use super::{Fault, Kind};

/// The faults that no request has used up.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

/// The faults of one request.
#[derive(Debug, Default)]
pub(crate) struct Injected {
    /// The additional time of its execution.
    pub(crate) delay: Duration,
    /// The other fault, if there is one.
    pub(crate) fault: Option<Fault>,
}

impl Faults {
    /// Adds a fault behind the others.
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Drops every fault.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes every matching delay, and the first other fault that matches.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Injected {
        let mut injected = Injected::default();
        self.0.retain_mut(|fault| {
            if !fault.is_for(method, path) {
                return true;
            }
            match fault.kind {
                Kind::Latency(delay) => injected.delay += delay,
                _ if injected.fault.is_some() => return true,
                _ => injected.fault = Some(fault.clone()),
            }
            let last = fault.times == 1;
            fault.times = fault.times.saturating_sub(1);
            !last
        });
        injected
    }
}
