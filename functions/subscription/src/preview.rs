//! What a change would cost, by Stripe's previews of invoices. Nothing changes.

use serde::Serialize;
use shared::stripe::{
    LinePeriod, LiveSubscription, PreviewedChange, PreviewedInvoice, PreviewedLine, Stripe,
    StripeError,
};
use utoipa::ToSchema;

use crate::{
    plan::{NewItem, Steps},
    request::{CancelWhen, Proration},
};

/// What a change would cost.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SubscriptionPreview)]
pub(crate) struct PreviewView {
    /// Three lower-case letters.
    currency: String,
    /// What would be due at once.
    due_now: DueView,
    /// The next invoice after that; `null` where there would be none.
    #[schema(required)]
    next: Option<NextView>,
}

/// An amount that would be due.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PreviewedDue)]
struct DueView {
    /// In minor units, after what the customer's balance pays.
    amount: i64,
    /// What the customer's balance gets, in minor units: no money is paid back.
    credit: i64,
    /// What it is made of; at most ten lines.
    lines: Vec<LineView>,
}

/// The next invoice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PreviewedNext)]
struct NextView {
    /// Its time, in Unix seconds.
    date: Option<i64>,
    #[serde(flatten)]
    due: DueView,
}

/// A part of an amount.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PreviewedLine)]
struct LineView {
    /// Stripe's text.
    description: Option<String>,
    /// In minor units; negative for a credit.
    amount: i64,
    /// The quantity.
    quantity: Option<i64>,
    /// `price_…`
    price: Option<String>,
    /// True for a part of a period.
    proration: bool,
}

impl From<&PreviewedLine> for LineView {
    fn from(line: &PreviewedLine) -> Self {
        Self {
            description: line.description.clone(),
            amount: line.amount,
            quantity: line.quantity,
            price: line.price().map(str::to_owned),
            proration: line.is_proration(),
        }
    }
}

impl From<&PreviewedInvoice> for DueView {
    fn from(invoice: &PreviewedInvoice) -> Self {
        Self {
            amount: invoice.amount_due.max(0),
            credit: (-invoice.total).max(0),
            lines: invoice.lines.data.iter().map(LineView::from).collect(),
        }
    }
}

/// Previews what `steps` of the subscription `live` would cost.
///
/// # Errors
///
/// [`StripeError`] when Stripe did not answer.
pub(crate) async fn preview(
    stripe: &Stripe,
    live: &LiveSubscription,
    steps: &Steps,
) -> Result<PreviewView, StripeError> {
    let of = Previews { stripe, live };
    let (now, next) = match steps {
        Steps::Change {
            item, proration, ..
        } => of.change(item, *proration).await?,
        Steps::ChangeLater { item, .. } => (None, of.later(item).await?),
        Steps::Cancel(CancelWhen::Now) | Steps::Pause(_) => (None, None),
        Steps::Cancel(CancelWhen::PeriodEnd) => {
            let change = PreviewedChange {
                cancel_at_period_end: Some(true),
                ..PreviewedChange::default()
            };
            (None, of.next(&change).await?)
        }
        Steps::Resume {
            is_timed,
            ends,
            is_paused,
            ..
        } => {
            let change = PreviewedChange {
                cancel_at_period_end: ends.then_some(false),
                cancel_at: is_timed.then_some(""),
                resume_at: is_paused.then_some("now"),
                ..PreviewedChange::default()
            };
            match is_paused {
                true => {
                    let now = stripe.preview_invoice(&live.id, &change, false).await?;
                    let next = of.whole_period(&change, Begins::Now(now.as_ref())).await?;
                    (now, next)
                }
                false => (None, of.next(&change).await?),
            }
        }
    };
    Ok(PreviewView {
        currency: live.currency.clone(),
        due_now: now.as_ref().map(DueView::from).unwrap_or_default(),
        next,
    })
}

/// The time at which the previewed period begins.
#[derive(Clone, Copy)]
enum Begins<'a> {
    /// When the current one ends.
    Next,
    /// When the one ends that begins at once, with this invoice.
    Now(Option<&'a PreviewedInvoice>),
}

struct Previews<'a> {
    stripe: &'a Stripe,
    live: &'a LiveSubscription,
}

impl Previews<'_> {
    /// What is due at once and next, where `item` changes now.
    async fn change(
        &self,
        item: &NewItem,
        proration: Proration,
    ) -> Result<(Option<PreviewedInvoice>, Option<NextView>), StripeError> {
        let change = PreviewedChange {
            items: Some([item.change()]),
            proration_behavior: Some(proration.as_str()),
            ..PreviewedChange::default()
        };
        let first = self
            .stripe
            .preview_invoice(&self.live.id, &change, false)
            .await?;
        let is_invoiced = item.restarts || proration == Proration::AlwaysInvoice;
        // Without a difference to invoice, Stripe previews the invoice of the next period.
        let differs = |invoice: &PreviewedInvoice| {
            let mut lines = invoice.lines.data.iter();
            item.restarts || lines.any(PreviewedLine::is_proration)
        };
        let is_at_once =
            self.live.status != "trialing" && is_invoiced && first.as_ref().is_some_and(differs);
        if !is_at_once {
            let next = first.map(|invoice| self.dated(&invoice, Begins::Next));
            return Ok((None, next));
        }
        let begins = match item.restarts {
            true => Begins::Now(first.as_ref()),
            false => Begins::Next,
        };
        let next = self.whole_period(&change, begins).await?;
        Ok((first, next))
    }

    /// The next invoice, where `item` changes at the end of the period.
    async fn later(&self, item: &NewItem) -> Result<Option<NextView>, StripeError> {
        let change = PreviewedChange {
            items: Some([item.change()]),
            proration_behavior: Some(Proration::None.as_str()),
            ..PreviewedChange::default()
        };
        // With another rhythm, Stripe previews a period that begins now; its amount is the same.
        self.whole_period(&change, Begins::Next).await
    }

    /// The invoice of the next period after `change`.
    async fn whole_period(
        &self,
        change: &PreviewedChange<'_>,
        begins: Begins<'_>,
    ) -> Result<Option<NextView>, StripeError> {
        let next = self.stripe.preview_invoice(&self.live.id, change, true);
        Ok(next.await?.map(|invoice| self.dated(&invoice, begins)))
    }

    /// The next invoice after `change`, with all that waits for it.
    async fn next(&self, change: &PreviewedChange<'_>) -> Result<Option<NextView>, StripeError> {
        let next = self.stripe.preview_invoice(&self.live.id, change, false);
        Ok(next
            .await?
            .map(|invoice| self.dated(&invoice, Begins::Next)))
    }

    /// `invoice`, at its time.
    fn dated(&self, invoice: &PreviewedInvoice, begins: Begins<'_>) -> NextView {
        let date = match begins {
            Begins::Next => {
                let items = self.live.items.data.iter();
                items.filter_map(|item| item.current_period_end).min()
            }
            // Stripe may preview the period that begins now in place of the one after it.
            Begins::Now(first) => {
                let ends = first.into_iter().flat_map(whole_periods);
                let starts = whole_periods(invoice).map(|period| period.start);
                ends.map(|period| period.end).chain(starts).max()
            }
        };
        NextView {
            date,
            due: DueView::from(invoice),
        }
    }
}

/// The periods of the lines of `invoice` that are no part of one.
fn whole_periods(invoice: &PreviewedInvoice) -> impl Iterator<Item = LinePeriod> {
    let lines = invoice.lines.data.iter();
    lines
        .filter(|line| !line.is_proration())
        .map(|line| line.period)
}
