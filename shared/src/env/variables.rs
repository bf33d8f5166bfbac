//! The table of all variables. `cargo dev generate` generates `docs/configuration.md` and
//! `.env.example` from it, and a test compares it with the variables that the code reads.

mod aws;
mod callers;
mod payments;
mod process;
mod stripe;

/// Variables of one topic.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its heading.
    pub title: &'static str,
    /// The variables, in the order in which a reader needs them.
    pub variables: &'static [Variable],
}

/// A variable of the environment.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// A value that shows its form; the default, where it has one.
    pub example: &'static str,
    /// True when `example` is the default.
    pub is_default: bool,
    /// The functions that read it.
    pub readers: Readers,
    /// One paragraph.
    pub about: &'static str,
    /// The page of `docs/` with more about it, and its heading.
    pub see: Option<&'static str>,
}

/// The functions that read a variable.
#[derive(Clone, Copy, Debug)]
pub enum Readers {
    /// Every function.
    All,
    /// Each whose caller needs a permission.
    Callers,
    /// Each that cannot do without Stripe's key.
    Stripe,
    /// Each that a schedule starts.
    Scheduled,
    /// These.
    Named(&'static [&'static str]),
}

/// All of them.
pub static GROUPS: &[Group] = &[
    stripe::GROUP,
    callers::GROUP,
    payments::DATABASE,
    payments::NOTIFICATIONS,
    payments::CHECKOUT,
    payments::SUBSCRIPTIONS,
    payments::RATE_LIMITS,
    aws::GROUP,
    process::GROUP,
];

/// Functions that start payments.
const PAYMENTS: Readers = Readers::Named(&["create-checkout", "create-intent"]);
/// Functions that process events.
const EVENTS: Readers = Readers::Named(&["reconcile", "webhook"]);
/// Functions that send payers to another site and back.
const RETURNS: Readers = Readers::Named(&["create-checkout", "portal"]);
/// The function that receives Stripe's webhooks.
const WEBHOOK: Readers = Readers::Named(&["webhook"]);
/// The functions that notify the site; two of them on Vercel alone.
const NOTIFY: Readers = Readers::Named(&["notify", "order", "subscription", "webhook"]);

impl Variable {
    /// A variable without a default.
    const fn new(
        name: &'static str,
        example: &'static str,
        readers: Readers,
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

    /// The same variable, whose example is the default.
    const fn by_default(self) -> Self {
        Self {
            is_default: true,
            ..self
        }
    }

    /// The same variable, with the page that has more.
    const fn see(self, page: &'static str) -> Self {
        Self {
            see: Some(page),
            ..self
        }
    }
}
