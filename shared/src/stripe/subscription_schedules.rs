//! Subscription schedules: a change of a subscription that begins with its next period.
//!
//! A schedule of Farebox has two phases: the current period as it is, and the next one with the
//! change. Stripe releases it then, and the subscription goes on by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{
    Stripe, StripeError, answers::read, current_subscription::Rhythm,
    subscription_changes::ItemChange,
};
use crate::{
    deployment::Deployment,
    subscription::objects::{Expandable, Named},
};

/// A schedule (<https://docs.stripe.com/api/subscription_schedules/object>).
#[derive(Clone, Debug, Deserialize)]
struct Schedule {
    id: String,
    status: String,
    end_behavior: String,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    phases: Vec<Phase>,
    current_phase: Option<CurrentPhase>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct CurrentPhase {
    start_date: i64,
}

/// The fields of a phase that the next one keeps.
#[derive(Clone, Debug, Deserialize)]
struct Phase {
    items: Vec<PhaseItem>,
    start_date: i64,
    end_date: i64,
    trial_end: Option<i64>,
    automatic_tax: Option<AutomaticTax>,
    collection_method: Option<String>,
    default_payment_method: Option<String>,
    description: Option<String>,
    #[serde(default)]
    default_tax_rates: Vec<Expandable<Named>>,
    #[serde(default)]
    discounts: Vec<Discount>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize)]
struct PhaseItem {
    price: Expandable<Named>,
    quantity: Option<i64>,
    #[serde(default)]
    tax_rates: Vec<Expandable<Named>>,
    #[serde(default)]
    discounts: Vec<Discount>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize)]
struct AutomaticTax {
    enabled: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Discount {
    discount: Option<Expandable<Named>>,
    coupon: Option<Expandable<Named>>,
    promotion_code: Option<Expandable<Named>>,
}

/// A change from the next period on.
#[derive(Clone, Debug)]
pub struct NextPhase<'a> {
    /// The present price of the item, `price_…`.
    pub from: &'a str,
    /// The change of the item.
    pub item: ItemChange<'a>,
    /// The billing rhythm of its price then.
    pub rhythm: &'a Rhythm,
}

impl Schedule {
    /// True when another change may replace its phases: `deployment` made it, or it changes
    /// nothing.
    fn is_replaceable(&self, deployment: &str) -> bool {
        let made_by = self.metadata.get(Deployment::KEY);
        made_by.is_some_and(|made_by| made_by == deployment)
            || (self.phases.len() == 1 && self.end_behavior == "release")
    }

    /// True until it was released or canceled, or its last phase ended.
    fn is_active(&self) -> bool {
        matches!(self.status.as_str(), "active" | "not_started")
    }

    fn current(&self) -> Option<&Phase> {
        let current = self.current_phase?;
        let mut phases = self.phases.iter();
        phases.find(|phase| phase.start_date == current.start_date)
    }
}

#[derive(Serialize)]
struct Create<'a> {
    from_subscription: &'a str,
}

#[derive(Serialize)]
struct Plan<'a> {
    end_behavior: &'static str,
    proration_behavior: &'static str,
    metadata: BTreeMap<&'static str, &'a str>,
    phases: [PlannedPhase<'a>; 2],
}

#[derive(Serialize)]
struct PlannedPhase<'a> {
    items: Vec<PlannedItem<'a>>,
    proration_behavior: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<Duration<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trial_end: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    automatic_tax: Option<Enabled>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_payment_method: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    default_tax_rates: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    discounts: Vec<PlannedDiscount<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct PlannedItem<'a> {
    price: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tax_rates: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    discounts: Vec<PlannedDiscount<'a>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Duration<'a> {
    interval: &'a str,
    interval_count: i64,
}

#[derive(Serialize)]
struct Enabled {
    enabled: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum PlannedDiscount<'a> {
    Discount(&'a str),
    Coupon(&'a str),
    PromotionCode(&'a str),
}

impl Discount {
    fn planned(&self) -> Option<PlannedDiscount<'_>> {
        let discount = self.discount.as_ref().map(Expandable::as_str);
        let coupon = self.coupon.as_ref().map(Expandable::as_str);
        let code = self.promotion_code.as_ref().map(Expandable::as_str);
        discount
            .map(PlannedDiscount::Discount)
            .or(code.map(PlannedDiscount::PromotionCode))
            .or(coupon.map(PlannedDiscount::Coupon))
    }
}

fn ids(of: &[Expandable<Named>]) -> Vec<&str> {
    of.iter().map(Expandable::as_str).collect()
}

fn texts(of: Option<&BTreeMap<String, String>>) -> BTreeMap<&str, &str> {
    let all = of.into_iter().flatten();
    all.map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

impl PhaseItem {
    fn planned(&self) -> PlannedItem<'_> {
        PlannedItem {
            price: self.price.as_str(),
            quantity: self.quantity,
            tax_rates: ids(&self.tax_rates),
            discounts: self
                .discounts
                .iter()
                .filter_map(Discount::planned)
                .collect(),
            metadata: texts(self.metadata.as_ref()),
        }
    }
}

impl Phase {
    /// The phase as it is.
    fn planned(&self) -> PlannedPhase<'_> {
        let taxes = self.automatic_tax.as_ref().is_some_and(|tax| tax.enabled);
        PlannedPhase {
            items: self.items.iter().map(PhaseItem::planned).collect(),
            proration_behavior: "none",
            start_date: Some(self.start_date),
            end_date: Some(self.end_date),
            duration: None,
            trial_end: self.trial_end,
            automatic_tax: taxes.then_some(Enabled { enabled: true }),
            collection_method: self.collection_method.as_deref(),
            default_payment_method: self.default_payment_method.as_deref(),
            description: self.description.as_deref(),
            default_tax_rates: ids(&self.default_tax_rates),
            discounts: self
                .discounts
                .iter()
                .filter_map(Discount::planned)
                .collect(),
            metadata: texts(self.metadata.as_ref()),
        }
    }

    /// The phase after it, with `next`.
    fn followed_by<'a>(&'a self, next: &NextPhase<'a>) -> PlannedPhase<'a> {
        let mut phase = PlannedPhase {
            start_date: None,
            end_date: None,
            duration: Some(Duration {
                interval: &next.rhythm.interval,
                interval_count: next.rhythm.interval_count,
            }),
            trial_end: None,
            ..self.planned()
        };
        for item in &mut phase.items {
            if item.price == next.from {
                item.price = next.item.price.unwrap_or(next.from);
                item.quantity = next.item.quantity.or(item.quantity);
                if next.rhythm.usage_type == "metered" {
                    item.quantity = None;
                }
            }
        }
        phase
    }
}

impl Stripe {
    /// Makes `next` of the subscription with `id` the change that begins with its next period, in
    /// place of an earlier one. `schedule` is its present schedule.
    ///
    /// # Errors
    ///
    /// [`StripeError::Foreign`] when somebody else made that schedule; else [`StripeError`] when
    /// Stripe did not store it.
    pub async fn schedule_change(
        &self,
        id: &str,
        schedule: Option<&str>,
        next: &NextPhase<'_>,
        operation: &[&str],
    ) -> Result<(), StripeError> {
        let held = match schedule {
            Some(schedule) => Some(self.own_schedule(schedule).await?),
            None => None,
        };
        let schedule = match held.filter(Schedule::is_active) {
            Some(schedule) => schedule,
            None => self.create_schedule(id, operation).await?,
        };
        let current = schedule.current();
        let current = current.ok_or(StripeError::Differs("current_phase"))?;
        let plan = Plan {
            end_behavior: "release",
            proration_behavior: "none",
            metadata: BTreeMap::from([(Deployment::KEY, self.deployment()?)]),
            phases: [current.planned(), current.followed_by(next)],
        };
        let path = format!("/subscription_schedules/{}", schedule.id);
        let request = RequestBuilder::new(StripeMethod::Post, path).form(&plan);
        let steps = [operation, &["plan"]].concat();
        self.send(&request, &steps).await?;
        Ok(())
    }

    /// Gives up the change that `schedule` makes later; its subscription goes on as it is.
    ///
    /// # Errors
    ///
    /// As [`Stripe::schedule_change`].
    pub async fn release_schedule(
        &self,
        schedule: &str,
        operation: &[&str],
    ) -> Result<(), StripeError> {
        let held = self.own_schedule(schedule).await?;
        if !held.is_active() {
            return Ok(());
        }
        let path = format!("/subscription_schedules/{schedule}/release");
        let request = RequestBuilder::new(StripeMethod::Post, path);
        let steps = [operation, &["release", schedule]].concat();
        self.send(&request, &steps).await?;
        Ok(())
    }

    /// The schedule with `id`, which may be changed.
    async fn own_schedule(&self, id: &str) -> Result<Schedule, StripeError> {
        let path = format!("/subscription_schedules/{id}");
        let schedule: Schedule = self.get(path, String::new()).await?;
        match schedule.is_replaceable(self.deployment()?) {
            true => Ok(schedule),
            false => Err(StripeError::Foreign("schedule")),
        }
    }

    async fn create_schedule(&self, id: &str, operation: &[&str]) -> Result<Schedule, StripeError> {
        let create = Create {
            from_subscription: id,
        };
        let path = "/subscription_schedules";
        let request = RequestBuilder::new(StripeMethod::Post, path).form(&create);
        let steps = [operation, &["schedule"]].concat();
        read(&self.send(&request, &steps).await?)
    }
}
