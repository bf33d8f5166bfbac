//! The queue of faults.

use std::time::Duration;

use super::{Fault, Kind};

/// The faults that are not used up.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

/// The faults of one request.
#[derive(Debug, Default)]
pub(crate) struct Injected {
    /// The added delay.
    pub(crate) delay: Duration,
    /// Another fault, if any.
    pub(crate) fault: Option<Fault>,
}

impl Faults {
    /// Adds a fault to the end of the queue.
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Removes every fault.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes every matching delay, and the first other matching fault.
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
