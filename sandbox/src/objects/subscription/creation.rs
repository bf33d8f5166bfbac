//! New subscriptions, and their first invoice.

use serde_json::{Value, json};

use super::{
    at,
    details::{details, future},
    fields,
    items::{self, New as NewItem},
    period::Interval,
    proration, renewal, set, shape,
};
use crate::{
    billing::DAY,
    clock::now,
    error::Error,
    objects::{
        customer, entitlement,
        invoice::{self, Draft},
        payment_intent, test_clock,
    },
    params::Params,
    route::Call,
    state::State,
    store::{number, text},
};

/// The order of events when the first invoice is due: Stripe's `payment_behavior`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behavior {
    /// It is collected; the subscription stays `incomplete` when that fails.
    Allow,
    /// The payer confirms the payment intent of the invoice.
    Default,
    /// A decline, or a challenge, is an error, and nothing changes.
    Error,
    /// An update waits for its payment.
    Pending,
}

impl Behavior {
    /// Reads `payment_behavior`.
    pub(super) fn read(params: &mut Params) -> Result<Self, Error> {
        let words = [
            "allow_incomplete",
            "default_incomplete",
            "error_if_incomplete",
            "pending_if_incomplete",
        ];
        let behavior = params.choice("payment_behavior", &words)?;
        Ok(match behavior.as_deref() {
            Some("default_incomplete") => Self::Default,
            Some("error_if_incomplete") => Self::Error,
            Some("pending_if_incomplete") => Self::Pending,
            _ => Self::Allow,
        })
    }
}

/// A subscription that does not exist yet.
#[derive(Debug)]
pub(crate) struct New {
    /// The id of its customer.
    pub(crate) customer: String,
    /// Its items, at least one.
    pub(crate) items: Vec<NewItem>,
    /// The end of its trial, if it has one.
    pub(crate) trial_end: Option<u64>,
    /// The end of its first period, if that is shorter than a whole one.
    pub(crate) anchor: Option<u64>,
    /// True when a shorter first period costs its part; else it is free.
    pub(crate) prorates: bool,
    /// What happens when the first invoice is due.
    pub(crate) behavior: Behavior,
    /// Further fields of the object: `default_payment_method`, `metadata`, `payment_settings`, ….
    pub(crate) fields: Value,
}

impl New {
    /// A subscription of these items from now on, by the customer's default payment method.
    pub(crate) fn of(customer: &str, items: Vec<NewItem>) -> Self {
        Self {
            customer: customer.to_owned(),
            items,
            trial_end: None,
            anchor: None,
            prorates: true,
            behavior: Behavior::Allow,
            fields: json!({}),
        }
    }

    /// The start and the end of the first period, and the anchor of all later ones.
    fn first_period(&self) -> ((u64, u64), u64) {
        let interval = self.items.first().map(|item| Interval::of(&item.price));
        let interval = interval.unwrap_or_else(|| Interval::new("month", 1));
        let start = now();
        match (self.trial_end, self.anchor) {
            (Some(end), anchor) => ((start, end), anchor.unwrap_or(end)),
            (None, Some(anchor)) => ((start, interval.end_after(anchor, start)), anchor),
            (None, None) => ((start, interval.end_after(start, start)), start),
        }
    }

    /// The subscription in Stripe's form; stores nothing.
    pub(crate) fn shape(&self, state: &State) -> Value {
        let payer = state
            .store
            .find(&self.customer)
            .cloned()
            .unwrap_or_default();
        let currency = self
            .items
            .first()
            .map(|item| item.price["currency"].clone());
        let mut subscription = shape::new(&payer, &currency.unwrap_or_default());
        let (period, anchor) = self.first_period();
        let id = text(&subscription, "id").to_owned();
        let items = self.items.iter().map(|item| shape::item(&id, item, period));
        subscription["items"] = shape::list(&subscription, items.collect());
        subscription["billing_cycle_anchor"] = anchor.into();
        if let Some(end) = self.trial_end {
            subscription["trial_start"] = now().into();
            subscription["trial_end"] = end.into();
            subscription["status"] = "trialing".into();
        }
        for (name, value) in self.fields.as_object().into_iter().flatten() {
            subscription[name] = value.clone();
        }
        if subscription["cancel_at_period_end"] == true {
            subscription["cancel_at"] = period.1.into();
            subscription["canceled_at"] = now().into();
        }
        subscription
    }

    /// The first invoice of such a subscription.
    pub(crate) fn draft<'a>(&self, state: &State, subscription: &'a Value) -> Draft<'a> {
        let items = super::items_of(subscription);
        let licensed = || items.iter().filter(|item| !shape::is_metered(item));
        let period = super::period_of(subscription);
        let lines = match (self.trial_end, self.anchor) {
            (Some(_), _) => licensed()
                .map(|item| invoice::trial(state, item, period).shape())
                .collect(),
            (None, Some(anchor)) if period.1 == anchor => {
                let interval = Interval::of(&self.items[0].price);
                let whole = (interval.start_before(anchor, anchor), anchor);
                match self.prorates {
                    true => proration::charges(state, &items, whole, period.0),
                    false => Vec::new(),
                }
            }
            _ => renewal::licensed(state, &items),
        };
        Draft {
            customer: text(subscription, "customer"),
            currency: text(subscription, "currency"),
            subscription: Some(subscription),
            reason: "subscription_create",
            lines,
            period: (now(), now()),
        }
    }
}

/// Creates a subscription, and collects its first invoice.
pub(crate) fn start(state: &mut State, new: &New) -> Result<Value, Error> {
    let _time = test_clock::of_customer(state, &new.customer);
    let mut subscription = new.shape(state);
    let id = text(&subscription, "id").to_owned();
    let draft = new.draft(state, &subscription);
    let due = number(&draft.shape(state), "amount_due");
    check_collection(state, &subscription, due, new.behavior)?;
    let lines = draft.lines;
    if subscription["status"] != "trialing" && (due == 0 || is_sent(&subscription)) {
        subscription["status"] = "active".into();
    }
    for item in super::items_of(&subscription) {
        let item = text(&item, "id").to_owned();
        state.billing.items.insert(item, id.clone());
    }
    state.store.insert(subscription.clone());
    state.billing.starting = Some(id.clone());
    let first = Draft {
        lines,
        ..new.draft(state, &subscription)
    }
    .create(state);
    set(
        state,
        &id,
        &fields([("latest_invoice", first["id"].clone())]),
    );
    bill(state, &first, new.behavior);
    state.billing.starting = None;
    let subscription = state.store.find(&id).cloned().unwrap_or_default();
    state.emit("customer.subscription.created", &subscription, None);
    entitlement::follow(state, &subscription);
    renewal::announce(state, &subscription);
    renewal::schedule(state, &id);
    Ok(state.store.find(&id).cloned().unwrap_or_default())
}

/// Finalizes an invoice at once, and collects it as `payment_behavior` says.
pub(super) fn bill(state: &mut State, invoice: &Value, behavior: Behavior) {
    let id = text(invoice, "id");
    if invoice["collection_method"] == "send_invoice" {
        invoice::advance(state, invoice);
    } else if behavior == Behavior::Default {
        invoice::finalize(state, id);
    } else {
        invoice::collect_now(state, id);
    }
}

fn is_sent(subscription: &Value) -> bool {
    subscription["collection_method"] == "send_invoice"
}

/// Rejects a change whose invoice cannot be collected as `payment_behavior` demands.
pub(super) fn check_collection(
    state: &State,
    subscription: &Value,
    due: i64,
    behavior: Behavior,
) -> Result<(), Error> {
    if due == 0 || is_sent(subscription) || behavior == Behavior::Default {
        return Ok(());
    }
    let invoice = json!({
        "customer": subscription["customer"],
        "default_payment_method": subscription["default_payment_method"],
    });
    let method = invoice::method_of(state, &invoice);
    if method.is_empty() {
        return Err(invoice::no_method());
    }
    match behavior {
        Behavior::Error => payment_intent::predict(state, &method),
        _ => Ok(()),
    }
}

/// `POST /v1/subscriptions`.
pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let payer = params.required("customer")?;
    customer::expect(state, &payer)?;
    let _time = test_clock::of_customer(state, &payer);
    let items = items::read(state, params)?;
    let mut new = New::of(&payer, items);
    new.behavior = Behavior::read(params)?;
    new.anchor = future(params, "billing_cycle_anchor")?;
    let prorations = params.choice("proration_behavior", super::change::PRORATIONS)?;
    new.prorates = prorations.as_deref() != Some("none");
    new.trial_end = trial(params, &new.items)?;
    new.fields = details(
        state,
        params,
        &payer,
        &shape::new(&Value::Null, &Value::Null),
    )?;
    params.accept(&[
        "currency",
        "off_session",
        "backdate_start_date",
        "billing_mode",
    ]);
    call.params.finish()?;
    if new.fields["collection_method"] == "send_invoice" && new.fields["days_until_due"].is_null() {
        return Err(Params::default().missing("days_until_due"));
    }
    start(state, &new)
}

/// The end of a new subscription's trial.
fn trial(params: &mut Params, items: &[NewItem]) -> Result<Option<u64>, Error> {
    let days = params.integer("trial_period_days")?;
    let from_plan = params.flag("trial_from_plan")?.unwrap_or(false);
    if params.says("trial_end", "now") {
        params.accept(&["trial_end"]);
        return Ok(None);
    }
    let end = future(params, "trial_end")?;
    if end.is_some() && days.is_some() {
        let message = "A subscription has one of trial_end and trial_period_days.";
        return Err(Error::invalid(message).param("trial_end"));
    }
    let of_price = items
        .iter()
        .filter_map(|item| item.price["recurring"]["trial_period_days"].as_i64());
    let days = days.or(of_price.max().filter(|_| from_plan));
    if days.is_some_and(|days| !(0..=730).contains(&days)) {
        let message = "trial_period_days has to be between 0 and 730.";
        return Err(Error::invalid(message).param("trial_period_days"));
    }
    let days = days.filter(|days| *days > 0);
    let end_of = |days: i64| now() + days.unsigned_abs() * DAY;
    Ok(end.or(days.map(end_of)))
}

/// Returns true when a subscription is in its trial.
pub(super) fn in_trial(subscription: &Value) -> bool {
    subscription["status"] == "trialing" && at(subscription, "trial_end").is_some()
}
