//! The request for a change, and what it asks for.

use serde::{Deserialize, Serialize};
use shared::{Error, request::present};
use utoipa::ToSchema;

/// The highest quantity of one price.
const MAX_QUANTITY: i64 = 10_000;

/// A change of one subscription: exactly one of `change`, `cancel`, `resume` and `pause`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ChangeSubscription {
    /// The subscription's id, `sub_…`.
    #[schema(pattern = "^sub_[A-Za-z0-9_]{1,251}$")]
    pub(crate) id: String,
    /// Another price or quantity.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    change: Option<Change>,
    /// Its end: with the current period, or now. Nothing is paid back.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    cancel: Option<CancelWhen>,
    /// With `true`: gives up a scheduled end, a scheduled change and a pause.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    resume: Option<bool>,
    /// A pause in the collection of payments, by staff.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pause: Option<PauseCollection>,
    /// With `true`: answers what would be due, and changes nothing.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    preview: Option<bool>,
}

/// Another price or quantity.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = ChangePlan)]
pub(crate) struct Change {
    /// The changed item, `si_…`; needed where the subscription has several.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub(crate) item: Option<String>,
    /// The new price: its id, `price_…`, or its lookup key. Without it, the price stays.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) price: Option<String>,
    /// The new quantity, such as seats. Without it, the quantity stays.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, minimum = 1, maximum = 10_000)]
    pub(crate) quantity: Option<i64>,
    /// What becomes of the rest of the current period; `always_invoice` without it. Only for a
    /// change `now`.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub(crate) proration: Option<Proration>,
    /// The time of the change; `now` without it.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    pub(crate) when: Option<ChangeWhen>,
}

/// What becomes of the rest of the current period, in Stripe's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proration {
    /// The difference is invoiced now.
    AlwaysInvoice,
    /// The difference is on the next invoice.
    CreateProrations,
    /// There is none.
    None,
}

impl Proration {
    /// Stripe's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::AlwaysInvoice => "always_invoice",
            Self::CreateProrations => "create_prorations",
            Self::None => "none",
        }
    }
}

/// The time of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChangeWhen {
    /// Now.
    Now,
    /// At the end of the current period.
    PeriodEnd,
}

/// The time of an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CancelWhen {
    /// At the end of the current period.
    PeriodEnd,
    /// Now.
    Now,
}

/// A pause in the collection of payments.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PauseCollection {
    /// What happens to invoices meanwhile.
    pub(crate) behavior: PauseBehavior,
    /// The time at which it ends by itself, in Unix seconds.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    pub(crate) resumes_at: Option<i64>,
}

/// What happens to invoices during a pause, in Stripe's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PauseBehavior {
    /// They stay drafts, and are collected later.
    KeepAsDraft,
    /// They count as uncollectible.
    MarkUncollectible,
    /// They are void.
    Void,
}

impl PauseBehavior {
    /// Stripe's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::KeepAsDraft => "keep_as_draft",
            Self::MarkUncollectible => "mark_uncollectible",
            Self::Void => "void",
        }
    }
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Another price or quantity.
    Change(Change),
    /// An end.
    Cancel(CancelWhen),
    /// It goes on.
    Resume,
    /// A pause.
    Pause(PauseCollection),
}

impl ChangeSubscription {
    /// What it asks for, at `now` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names the field that is wrong.
    pub(crate) fn action(&self, now: i64) -> Result<Action, Error> {
        let change = self.change.clone().map(Action::Change);
        let resume = self.resume.map(|_| Action::Resume);
        let pause = self.pause.clone().map(Action::Pause);
        let all = [change, self.cancel.map(Action::Cancel), resume, pause];
        let mut all = all.into_iter().flatten();
        let (Some(action), None) = (all.next(), all.next()) else {
            return Err(Error::invalid(
                "send exactly one of `change`, `cancel`, `resume` and `pause`",
            ));
        };
        match &action {
            Action::Change(change) => change.check()?,
            Action::Resume if self.resume != Some(true) => {
                return Err(Error::invalid("`resume` must be `true`"));
            }
            Action::Pause(PauseCollection {
                resumes_at: Some(at),
                ..
            }) if *at <= now => {
                return Err(Error::invalid("`pause.resumesAt` must be in the future"));
            }
            _ => {}
        }
        Ok(action)
    }

    /// True when nothing is to change.
    pub(crate) fn is_preview(&self) -> bool {
        self.preview == Some(true)
    }
}

impl Change {
    fn check(&self) -> Result<(), Error> {
        let wrong = |what: &'static str| Err(Error::invalid(what));
        if self.price.is_none() && self.quantity.is_none() {
            return wrong("`change` must have `price`, `quantity` or both");
        }
        if self.price.as_ref().is_some_and(|price| {
            !(1..=200).contains(&price.len()) || price.chars().any(char::is_control)
        }) {
            return wrong("`change.price` must be a price's id or lookup key");
        }
        if self
            .quantity
            .is_some_and(|quantity| !(1..=MAX_QUANTITY).contains(&quantity))
        {
            return wrong("`change.quantity` must be from 1 to 10000");
        }
        if self.is_later() && self.proration.is_some_and(|it| it != Proration::None) {
            return wrong("`change.proration` must be `none`, or absent, for a later change");
        }
        Ok(())
    }

    /// True for a change at the end of the current period.
    pub(crate) fn is_later(&self) -> bool {
        self.when == Some(ChangeWhen::PeriodEnd)
    }

    /// What becomes of the rest of the current period.
    pub(crate) fn proration(&self) -> Proration {
        self.proration.unwrap_or(Proration::AlwaysInvoice)
    }
}
