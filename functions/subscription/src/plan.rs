//! What is done at Stripe for a request: decided once, by the present state, and recorded. A repeat
//! does the same, whatever the state is by then.

use serde::{Deserialize, Serialize};
use shared::{
    Error,
    stripe::{LiveItem, LiveSubscription, Price, Rhythm},
};

use crate::request::{Action, CancelWhen, Change, PauseCollection, Proration};

/// The steps for one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The time of the decision, in Unix seconds.
    pub(crate) at: i64,
    /// `sub_sched_…`, where a later change was scheduled before: it is replaced or given up.
    pub(crate) schedule: Option<String>,
    /// The steps.
    pub(crate) steps: Steps,
}

/// What is done at Stripe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Steps {
    /// An item changes now.
    Change {
        /// The item.
        item: NewItem,
        /// What becomes of the rest of the current period.
        proration: Proration,
        /// True when invoices are sent, and not charged: no change can wait for them.
        is_sent: bool,
    },
    /// An item changes with the next period.
    ChangeLater {
        /// The item.
        item: NewItem,
        /// Its present price.
        from: String,
        /// The billing rhythm of the price then.
        rhythm: NewRhythm,
    },
    /// It ends.
    Cancel(CancelWhen),
    /// It goes on.
    Resume {
        /// True when an end is scheduled by time.
        is_timed: bool,
        /// True when it ends with the period.
        ends: bool,
        /// True when payments are not collected.
        is_collection_paused: bool,
        /// True when its status is `paused`.
        is_paused: bool,
    },
    /// Its payments are not collected.
    Pause(PauseCollection),
}

/// An item after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewItem {
    /// `si_…`
    pub(crate) id: String,
    /// `price_…`, where it changes.
    pub(crate) price: Option<String>,
    /// The quantity, where it changes.
    pub(crate) quantity: Option<i64>,
    /// `prod_…`, where the subscription has no item of this product yet.
    #[serde(default)]
    pub(crate) product: Option<String>,
    /// True when the rhythm of billing changes: a new period begins.
    pub(crate) restarts: bool,
    /// The end of the item's current period, in Unix seconds.
    pub(crate) period_end: Option<i64>,
}

/// The billing rhythm of a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewRhythm {
    /// `day`, `week`, `month` or `year`.
    pub(crate) interval: String,
    /// The number of intervals between two invoices.
    pub(crate) interval_count: i64,
    /// `licensed` or `metered`.
    pub(crate) usage_type: String,
}

/// The new price of a change, as the shop's prices have it.
pub(crate) type NewPrice = Option<Price>;

impl Steps {
    /// The steps for `action` on `live`; `price` is the price that a change names, and
    /// `may_defer` tells whether the caller may take more now and pay later.
    ///
    /// # Errors
    ///
    /// [`Error::SubscriptionEnded`], [`Error::SubscriptionChanging`], or [`Error::Invalid`], which
    /// names the field at fault.
    pub(crate) fn of(
        action: &Action,
        live: &LiveSubscription,
        price: NewPrice,
        may_defer: bool,
    ) -> Result<Self, Error> {
        if live.has_ended() {
            return Err(Error::SubscriptionEnded);
        }
        let begins = live.status == "incomplete";
        if begins && !matches!(action, Action::Cancel(CancelWhen::Now)) {
            return Err(Error::invalid(
                "`id`: the first invoice of the subscription is not paid",
            ));
        }
        match action {
            Action::Change(change) => Self::of_change(change, live, price, may_defer),
            Action::Cancel(CancelWhen::PeriodEnd) if live.cancel_at_period_end => Err(
                Error::invalid("`cancel`: the subscription ends then already"),
            ),
            Action::Cancel(when) => Ok(Self::Cancel(*when)),
            Action::Resume => Self::of_resumption(live),
            Action::Pause(_) if live.status == "paused" => Err(Error::invalid(
                "`pause`: the subscription is paused already",
            )),
            Action::Pause(pause) => Ok(Self::Pause(pause.clone())),
        }
    }

    /// The product that the subscription gets, `prod_…`, and does not have.
    pub(crate) fn new_product(&self) -> Option<&str> {
        match self {
            Self::Change { item, .. } | Self::ChangeLater { item, .. } => item.product.as_deref(),
            _ => None,
        }
    }

    fn of_resumption(live: &LiveSubscription) -> Result<Self, Error> {
        let is_timed = live.cancel_at.is_some() && !live.cancel_at_period_end;
        let steps = Self::Resume {
            is_timed,
            ends: live.cancel_at_period_end,
            is_collection_paused: live.is_collection_paused(),
            is_paused: live.status == "paused",
        };
        let nothing = Self::Resume {
            is_timed: false,
            ends: false,
            is_collection_paused: false,
            is_paused: false,
        };
        if steps == nothing && live.schedule.is_none() {
            return Err(Error::invalid(
                "`resume`: no end, change or pause of the subscription is scheduled",
            ));
        }
        Ok(steps)
    }

    fn of_change(
        change: &Change,
        live: &LiveSubscription,
        price: NewPrice,
        may_defer: bool,
    ) -> Result<Self, Error> {
        if live.has_pending_change() {
            return Err(Error::SubscriptionChanging);
        }
        let held = item_of(change, live)?;
        let next = next(change, live, held, price.as_ref())?;
        let price = price
            .map(|price| price.id)
            .filter(|id| *id != held.price.id);
        let quantity = change.quantity.filter(|_| change.quantity != held.quantity);
        if price.is_none() && quantity.is_none() {
            let field = if change.price.is_some() {
                "price"
            } else {
                "quantity"
            };
            return Err(Error::invalid(format!(
                "`change.{field}`: the subscription has this price and quantity"
            )));
        }
        let item = NewItem {
            id: held.id.clone(),
            price,
            quantity,
            product: next.product,
            restarts: next.restarts,
            period_end: held.current_period_end,
        };
        if change.is_later() {
            return Ok(Self::ChangeLater {
                item,
                from: held.price.id.clone(),
                rhythm: next.rhythm,
            });
        }
        let proration = change.proration();
        let is_deferred = next.costs_more && proration != Proration::AlwaysInvoice;
        if is_deferred && live.status != "trialing" && !may_defer {
            return Err(Error::invalid(
                "`change.proration` must be `always_invoice` for a change that costs more: only \
                 staff may defer or waive the difference",
            ));
        }
        Ok(Self::Change {
            item,
            proration,
            is_sent: live.collection_method.as_deref() == Some("send_invoice"),
        })
    }
}

/// What an item would be.
struct Next {
    /// `prod_…`, where the subscription has no item of it.
    product: Option<String>,
    rhythm: NewRhythm,
    restarts: bool,
    /// True when it costs more in the same period, or may.
    costs_more: bool,
}

/// The item that `change` names, or the only one.
fn item_of<'a>(change: &Change, live: &'a LiveSubscription) -> Result<&'a LiveItem, Error> {
    let items = &live.items.data;
    match (&change.item, &items[..]) {
        (Some(id), _) => items
            .iter()
            .find(|item| item.id == *id)
            .ok_or_else(|| Error::invalid("`change.item` is not an item of the subscription")),
        (None, [only]) if !live.items.has_more => Ok(only),
        (None, _) => Err(Error::invalid(
            "`change.item` is missing: the subscription has several items",
        )),
    }
}

/// What `held` would be after `change`, with this price where it names one.
fn next(
    change: &Change,
    live: &LiveSubscription,
    held: &LiveItem,
    price: Option<&Price>,
) -> Result<Next, Error> {
    let wrong = |what: &'static str| Err(Error::invalid(format!("`change.price` {what}")));
    let before = held.price.recurring.as_ref();
    let (unit_amount, rhythm) = match (price, &change.price) {
        (None, Some(_)) => return wrong("is not one of this shop's prices"),
        (None, None) => (held.price.unit_amount, before.map(rhythm_of)),
        (Some(price), _) => {
            // A price that the subscription has may be archived by now: only its quantity changes.
            if price.id != held.price.id && !price.is_on_sale() {
                return wrong("is not on sale");
            }
            let currency = price.currency == live.currency;
            let has_option = |price: &Price| {
                let options = price.currency_options.as_ref();
                options.is_some_and(|options| options.contains_key(&live.currency))
            };
            if !currency && !has_option(price) {
                return wrong("has no amount in the currency of the subscription");
            }
            let taken = live.items.data.iter();
            let mut taken = taken.filter(|item| item.id != held.id);
            if taken.any(|item| item.price.id == price.id) {
                return wrong("is the price of another item of the subscription");
            }
            let recurring = price.recurring.as_ref();
            let rhythm = recurring.map(|it| NewRhythm {
                interval: it.interval.clone(),
                interval_count: i64::from(it.interval_count),
                usage_type: it.usage_type.clone(),
            });
            (price.unit_amount.filter(|_| currency), rhythm)
        }
    };
    let Some(rhythm) = rhythm else {
        return wrong("is a one-time price: a subscription needs a recurring one");
    };
    if rhythm.usage_type == "metered" && change.quantity.is_some() {
        return Err(Error::invalid(
            "`change.quantity`: a metered price has no quantity",
        ));
    }
    let has_other_rhythm = before.is_none_or(|before| {
        before.interval != rhythm.interval || before.interval_count != rhythm.interval_count
    });
    if has_other_rhythm && live.items.data.len() > 1 {
        return wrong("is billed in another interval than the other items of the subscription");
    }
    let amount =
        |unit: Option<i64>, quantity: Option<i64>| unit?.checked_mul(quantity.unwrap_or(1));
    let before = amount(held.price.unit_amount, held.quantity);
    let after = amount(unit_amount, change.quantity.or(held.quantity));
    let costs_more = before
        .zip(after)
        .is_none_or(|(before, after)| after > before);
    let product = price.map(|price| &price.product.id);
    let product = product.filter(|product| {
        let mut items = live.items.data.iter();
        items.all(|item| item.price.product != **product)
    });
    Ok(Next {
        product: product.cloned(),
        rhythm,
        restarts: has_other_rhythm,
        // A new period is invoiced at once, whatever becomes of the rest of the old one.
        costs_more: costs_more && !has_other_rhythm,
    })
}

fn rhythm_of(of: &Rhythm) -> NewRhythm {
    NewRhythm {
        interval: of.interval.clone(),
        interval_count: of.interval_count,
        usage_type: of.usage_type.clone(),
    }
}
