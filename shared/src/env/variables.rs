//! The table of all variables. `cargo dev interface` generates `docs/configuration.md` and
//! `.env.example` from it, and a test compares it with what the code asks for.

mod aws;
mod callers;
mod payments;
mod process;
mod stripe;

/// Variables about one thing.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its heading.
    pub title: &'static str,
    /// In the order in which a reader needs them.
    pub variables: &'static [Variable],
}

/// A variable of the environment.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// A value that shows its form; the default, where it has one.
    pub example: &'static str,
    /// Whether `example` is what holds when it is not set.
    pub is_default: bool,
    /// The functions that read it.
    pub readers: &'static [&'static str],
    /// One paragraph.
    pub about: &'static str,
    /// The page of `docs/` that has more, and its heading.
    pub see: Option<&'static str>,
}

/// All of them.
pub static GROUPS: &[Group] = &[
    stripe::GROUP,
    callers::GROUP,
    payments::DATABASE,
    payments::NOTIFICATIONS,
    payments::CHECKOUT,
    payments::RATE_LIMITS,
    aws::GROUP,
    process::GROUP,
];

/// Functions that start payments.
const PAYMENTS: &[&str] = &["create-checkout", "create-intent"];
/// Functions with a caller.
const CALLERS: &[&str] = &[
    "create-checkout",
    "create-intent",
    "customer",
    "order",
    "portal",
    "refund",
];
/// Functions that call Stripe.
const STRIPE: &[&str] = &[
    "create-checkout",
    "create-intent",
    "customer",
    "portal",
    "reconcile",
    "refund",
    "webhook",
];
/// Functions that take events.
const EVENTS: &[&str] = &["reconcile", "webhook"];
/// Functions that a schedule starts.
const SCHEDULED: &[&str] = &["notify", "reconcile"];
/// Functions that send payers to another site and back.
const RETURNS: &[&str] = &["create-checkout", "portal"];
/// All functions.
const ALL: &[&str] = &[
    "create-checkout",
    "create-intent",
    "customer",
    "notify",
    "order",
    "portal",
    "reconcile",
    "refund",
    "webhook",
];

impl Variable {
    /// A variable without a default.
    const fn new(
        name: &'static str,
        example: &'static str,
        readers: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        Self {
            name,
            example,
            is_default: false,
            readers,
            about,
            see: None,
        }
    }

    /// The same, where the example is the default.
    const fn by_default(self) -> Self {
        Self {
            is_default: true,
            ..self
        }
    }

    /// The same, with the page that has more.
    const fn see(self, page: &'static str) -> Self {
        Self {
            see: Some(page),
            ..self
        }
    }
}
