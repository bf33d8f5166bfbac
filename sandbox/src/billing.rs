//! State of subscriptions and their invoices that their objects do not show.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::scheduler::Timetable;

/// A day, in seconds.
pub(crate) const DAY: u64 = 86_400;

/// The days between the attempts to collect an invoice.
const RETRIES: &[u64] = &[3, 5, 7];

/// State of subscriptions and their invoices that their objects do not show.
#[derive(Debug)]
pub(crate) struct Billing {
    /// The invoice of a payment intent, by the intent's id.
    pub(crate) invoices: HashMap<String, String>,
    /// The invoice behind each page's secret.
    pub(crate) pages: HashMap<String, String>,
    /// The subscription of a subscription item, by the item's id.
    pub(crate) items: HashMap<String, String>,
    /// The timers of each test clock, by the clock's id.
    pub(crate) timetables: HashMap<String, Timetable>,
    /// The days between an attempt to collect an invoice and the next one.
    pub(crate) retries: Vec<u64>,
    /// The subscription's end after the last attempt.
    pub(crate) after_retries: AfterRetries,
    /// True while the sandbox collects by itself: such an attempt counts.
    pub(crate) collecting: bool,
    /// The invoices whose counted attempt is a bank debit that is under way.
    pub(crate) debits: HashSet<String>,
    /// The subscription that the current change creates: it has no other events yet.
    pub(crate) starting: Option<String>,
    /// The end of the trial that was announced, by the subscription's id.
    pub(crate) announced: HashMap<String, u64>,
    /// The invoice items that wait for an invoice, oldest first.
    pub(crate) waiting: Vec<String>,
    /// The fields that a subscription gets when an invoice is paid, by the invoice's id.
    pub(crate) pending: HashMap<String, Value>,
}

/// The end of a subscription whose invoice could not be collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterRetries {
    /// It is canceled.
    Cancel,
    /// It is `unpaid`: later invoices stay drafts.
    Unpaid,
    /// It stays `past_due`.
    PastDue,
}

impl Default for Billing {
    fn default() -> Self {
        Self {
            invoices: HashMap::new(),
            pages: HashMap::new(),
            items: HashMap::new(),
            timetables: HashMap::new(),
            retries: RETRIES.to_vec(),
            after_retries: AfterRetries::Cancel,
            collecting: false,
            debits: HashSet::new(),
            starting: None,
            announced: HashMap::new(),
            waiting: Vec::new(),
            pending: HashMap::new(),
        }
    }
}

impl Billing {
    /// The time of the attempt after the one with this number; `None` after the last one.
    pub(crate) fn next_attempt(&self, now: u64, made: i64) -> Option<u64> {
        let made = usize::try_from(made).ok()?.checked_sub(1)?;
        let days = self.retries.get(made)?;
        Some(now + days * DAY)
    }
}
