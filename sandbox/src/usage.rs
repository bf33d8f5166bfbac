//! Usage of meters: recorded events, and their sums over a time.

use std::collections::{HashMap, HashSet, VecDeque};

/// The time for which an identifier is unique, in seconds.
const UNIQUE_FOR: u64 = 24 * 3600;

/// One meter event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) customer: String,
    pub(crate) timestamp: i64,
    pub(crate) value: f64,
}

/// The meter events of the account.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    /// The records of each meter, by the meter's id, in the order of their arrival.
    records: HashMap<String, Vec<Record>>,
    identifiers: HashSet<String>,
    /// The same identifiers with the time of their arrival, the oldest first.
    arrivals: VecDeque<(u64, String)>,
}

impl Usage {
    /// Claims an identifier at `now`; false when an event of the last day has it.
    pub(crate) fn claim(&mut self, identifier: &str, now: u64) -> bool {
        let is_old = |(at, _): &&(u64, String)| at + UNIQUE_FOR <= now;
        while self.arrivals.front().filter(is_old).is_some() {
            if let Some((_, old)) = self.arrivals.pop_front() {
                self.identifiers.remove(&old);
            }
        }
        let is_new = self.identifiers.insert(identifier.to_owned());
        if is_new {
            self.arrivals.push_back((now, identifier.to_owned()));
        }
        is_new
    }

    /// Adds an event of a meter.
    pub(crate) fn record(&mut self, meter: &str, record: Record) {
        self.records
            .entry(meter.to_owned())
            .or_default()
            .push(record);
    }

    /// The events of one customer from `from` to before `until`.
    pub(crate) fn within<'a>(
        &'a self,
        meter: &str,
        customer: &'a str,
        from: i64,
        until: i64,
    ) -> impl Iterator<Item = &'a Record> {
        let records = self.records.get(meter).into_iter().flatten();
        records.filter(move |record| {
            record.customer == customer && (from..until).contains(&record.timestamp)
        })
    }
}

/// Aggregates events by a meter's formula: `sum`, `count` or `last`; zero without events.
pub(crate) fn aggregated<'a>(formula: &str, records: impl Iterator<Item = &'a Record>) -> f64 {
    match formula {
        "count" => records.map(|_| 1.0).sum(),
        // Of several events with the latest timestamp, the one that arrived last.
        "last" => records
            .max_by_key(|record| record.timestamp)
            .map_or(0.0, |record| record.value),
        _ => records.map(|record| record.value).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(events: &[(i64, f64)]) -> Usage {
        let mut usage = Usage::default();
        for (timestamp, value) in events {
            let (customer, timestamp, value) = ("cus_1".to_owned(), *timestamp, *value);
            let record = Record {
                customer,
                timestamp,
                value,
            };
            usage.record("mtr_1", record);
        }
        usage
    }

    fn within(usage: &Usage, formula: &str, from: i64, until: i64) -> f64 {
        aggregated(formula, usage.within("mtr_1", "cus_1", from, until))
    }

    #[test]
    fn a_period_has_its_first_second_and_not_its_last() {
        let usage = usage(&[(10, 1.0), (19, 2.0), (20, 4.0)]);
        assert_eq!(within(&usage, "sum", 10, 20), 3.0);
        assert_eq!(within(&usage, "sum", 20, 30), 4.0);
        assert_eq!(within(&usage, "sum", 30, 40), 0.0);
        assert_eq!(usage.within("mtr_1", "cus_2", 0, 99).count(), 0);
        assert_eq!(usage.within("mtr_2", "cus_1", 0, 99).count(), 0);
    }

    #[test]
    fn a_formula_sums_counts_or_takes_the_latest() {
        let usage = usage(&[(15, 5.0), (12, 7.0), (15, 2.5), (11, -1.0)]);
        assert_eq!(within(&usage, "sum", 0, 99), 13.5);
        assert_eq!(within(&usage, "count", 0, 99), 4.0);
        assert_eq!(within(&usage, "last", 0, 99), 2.5);
        assert_eq!(within(&usage, "last", 0, 10), 0.0);
    }

    #[test]
    fn an_identifier_is_unique_for_a_day() {
        let mut usage = Usage::default();
        assert!(usage.claim("a", 1_000));
        assert!(!usage.claim("a", 1_000 + UNIQUE_FOR - 1));
        assert!(usage.claim("b", 1_000 + UNIQUE_FOR - 1));
        assert!(usage.claim("a", 1_000 + UNIQUE_FOR));
        assert!(!usage.claim("b", 1_000 + UNIQUE_FOR));
    }
}
