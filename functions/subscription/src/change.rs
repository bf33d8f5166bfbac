//! `POST /api/subscription`: changes a subscription, or previews the change.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Extension, Json, extract::State, http::HeaderMap};
use serde::Serialize;
use shared::{
    App, Error,
    access::{Authorized, ManageSubscription},
    delivery::RequestDelivery,
    purchase::{CheckoutService, ProductChange},
    rate_limit::{Lookup, RateLimiter},
    request::{self, IdempotencyKey},
    store::{IdempotencyRecord, RecordedOperation},
    stripe::{LiveSubscription, NeededPayment, Redacted, Stripe},
    subscription::{Reason, Subscription},
};
use utoipa::ToSchema;

use crate::{
    apply::{Operation, refused},
    plan::{NewPrice, Plan, Steps},
    preview::{self, PreviewView},
    request::{Action, ChangeSubscription},
    view::CheckedSubscription,
};

/// The answer: the subscription after the change, or the preview of one.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SubscriptionChanged)]
pub(crate) struct ChangedView {
    /// The subscription as it is now; absent from a preview.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    subscription: Option<CheckedSubscription>,
    /// The payment without which the change is not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    payment: Option<PaymentView>,
    /// What the change would cost, with `preview`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    preview: Option<PreviewView>,
}

/// A payment that a change waits for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SubscriptionPayment)]
struct PaymentView {
    /// The client secret with which Stripe.js completes the payment, with 3-D Secure or another
    /// card. Give it to the payer's browser alone.
    #[schema(value_type = Option<String>)]
    client_secret: Option<Redacted>,
    /// In minor units of `currency`.
    amount_due: i64,
    /// Three lower-case letters.
    currency: String,
    /// Stripe's page of the invoice, on which it can be paid too.
    hosted_url: Option<String>,
    /// The time at which the change is given up, in Unix seconds.
    expires_at: Option<i64>,
}

impl From<NeededPayment> for PaymentView {
    fn from(payment: NeededPayment) -> Self {
        Self {
            client_secret: payment.client_secret,
            amount_due: payment.amount_due,
            currency: payment.currency,
            hosted_url: payment.hosted_url,
            expires_at: payment.expires_at,
        }
    }
}

/// Changes a subscription of the caller's own, or, by staff, of anyone's.
///
/// The same operation changes it once, however often it is sent.
#[utoipa::path(
    post,
    path = "/api/subscription",
    operation_id = "changeSubscription",
    params(("Idempotency-Key" = Option<String>, Header,
        min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "The caller's name for this change; only a preview needs none")),
    request_body(content = ChangeSubscription, examples(
        ("upgrade" = (value = json!({ "id": "sub_1", "change": { "price": "pro_monthly" } }))),
        ("preview" = (value = json!({ "id": "sub_1", "change": { "quantity": 5 },
            "preview": true }))),
        ("seats" = (value = json!({ "id": "sub_1", "change": { "quantity": 5 } }))),
        ("downgrade" = (summary = "From the next period on", value = json!({ "id": "sub_1",
            "change": { "price": "basic_monthly", "when": "period_end" } }))),
        ("cancel" = (value = json!({ "id": "sub_1", "cancel": "period_end" }))),
        ("resume" = (value = json!({ "id": "sub_1", "resume": true }))),
        ("pause" = (value = json!({ "id": "sub_1", "pause": { "behavior": "void",
            "resumesAt": 1_795_000_000 } }))),
    )),
    responses(
        (status = 200, description = "The subscription after the change, or the preview",
            body = ChangedView,
            example = json!({ "subscription": { "id": "sub_1", "status": "active",
                "items": [{ "id": "si_1", "price": "price_2", "lookupKey": "pro_monthly",
                    "product": "prod_1", "productName": "Pro", "quantity": 1, "unitAmount": 1900,
                    "interval": "month", "intervalCount": 1 }], "currency": "usd",
                "currentPeriodEnd": 1_792_592_000, "cancelAt": null, "cancelAtPeriodEnd": false,
                "trialEnd": null, "hasScheduledChange": false, "createdAt": 1_790_000_000,
                "latestInvoice": null, "checkedAt": 1_790_000_060 } })),
    ),
    security(("callerToken" = [])),
)]
pub(crate) async fn change(
    caller: Authorized<ManageSubscription>,
    limiter: RateLimiter,
    State(app): State<Arc<App>>,
    Extension(delivery): Extension<RequestDelivery>,
    headers: HeaderMap,
    request::Json(request): request::Json<ChangeSubscription>,
) -> Result<Json<ChangedView>, Error> {
    let action = request.action(app.clock.now())?;
    let key = IdempotencyKey::in_headers(&headers)?;
    let lookup = match request.is_preview() {
        true => Lookup::SubscriptionPreview,
        false => Lookup::SubscriptionChange,
    };
    let admission = limiter.admit_lookup(caller.caller(), lookup).await;
    let caller = caller.admitted(admission)?;
    let held = app.store.subscription(&request.id).await?.value;
    let caller = caller.reach(held.as_ref().map(|held| &held.owner), &request.id)?;
    let held = held.ok_or(Error::NotFound)?;
    // While nothing is collected, the subscription still gives access.
    if matches!(action, Action::Pause(_)) && !caller.reaches_any() {
        return Err(Error::Forbidden);
    }
    let checkout = app.checkout.for_one_request();
    let changes = Changes {
        app: &app,
        checkout: &checkout,
        stripe: &checkout.stripe,
        held: &held,
        action: &action,
        may_defer: caller.reaches_any(),
    };
    if request.is_preview() {
        return changes.previewed().await.map(Json);
    }
    let key = key.ok_or_else(|| {
        Error::invalid("the header `Idempotency-Key` is missing: a name for this change")
    })?;
    let contents =
        serde_json::to_string(&request).map_err(|error| Error::Internal(error.into()))?;
    let contents = ["subscription", &contents];
    let record = IdempotencyRecord::new(caller.caller(), key.as_str(), &contents);
    let (changed, messages) = changes.made(&record).await?;
    delivery.deliver(&messages).await;
    Ok(Json(changed))
}

/// One request for a change.
struct Changes<'a> {
    app: &'a App,
    checkout: &'a CheckoutService,
    stripe: &'a Stripe,
    held: &'a Subscription,
    action: &'a Action,
    /// True when the caller may take more now and pay later.
    may_defer: bool,
}

impl Changes<'_> {
    /// What the change would cost.
    async fn previewed(&self) -> Result<ChangedView, Error> {
        let (live, steps) = self.decided().await?;
        let preview = preview::preview(self.stripe, &live, &steps).await;
        Ok(ChangedView {
            subscription: None,
            payment: None,
            preview: Some(preview.map_err(refused)?),
        })
    }

    /// The subscription after the operation `record`, done now or before, and the ids of the
    /// messages about that.
    async fn made(&self, record: &IdempotencyRecord) -> Result<(ChangedView, Vec<String>), Error> {
        let known = self.app.store.recorded_operation(&record.key).await?;
        let plan = match known {
            Some(known) => plan_in(&known, record)?,
            None => self.recorded(record).await?,
        };
        let operation = Operation {
            stripe: self.stripe,
            id: &self.held.id,
            record,
            plan: &plan,
        };
        let payment = match operation.is_past(self.app.clock.now()) {
            true => None,
            false => self.carried_out(&operation).await?,
        };
        let (subscription, messages) = self.looked().await?;
        let changed = ChangedView {
            subscription: Some(subscription),
            payment: payment.map(PaymentView::from),
            preview: None,
        };
        Ok((changed, messages))
    }

    /// Carries `operation` out. While it brings a product, the caller gets that product in no other
    /// way.
    async fn carried_out(&self, operation: &Operation<'_>) -> Result<Option<NeededPayment>, Error> {
        let Some(change) = self.product_change(&operation.plan.steps) else {
            return operation.carry_out().await;
        };
        let slot = self.checkout.claim_product(change, &operation.record.key);
        let slot = slot.await?;
        // Where that fails, Stripe may have made the change nevertheless: the slot stays taken.
        let payment = operation.carry_out().await?;
        if let Some(slot) = slot {
            self.checkout.release_slot(change, slot).await;
        }
        Ok(payment)
    }

    fn product_change<'s>(&'s self, steps: &'s Steps) -> Option<ProductChange<'s>> {
        Some(ProductChange {
            owner: &self.held.owner,
            subscription: &self.held.id,
            product: steps.new_product()?,
        })
    }

    /// The plan by the present state, once the database has it: a repeat follows it, whatever the
    /// state is by then.
    async fn recorded(&self, record: &IdempotencyRecord) -> Result<Plan, Error> {
        let (live, steps) = self.decided().await?;
        let plan = Plan {
            at: self.app.clock.now(),
            schedule: live.schedule,
            steps,
        };
        let text = serde_json::to_string(&plan).map_err(|error| Error::Internal(error.into()))?;
        let counts = self.app.store.record_operation(record, &text).await?;
        plan_in(&counts, record)
    }

    /// The subscription at Stripe, and the steps that its state asks for.
    async fn decided(&self) -> Result<(LiveSubscription, Steps), Error> {
        let live = self.stripe.current_subscription(&self.held.id).await;
        let live = live.map_err(refused)?;
        let price = self.price().await?;
        let steps = Steps::of(self.action, &live, price, self.may_defer)?;
        if let Some(change) = self.product_change(&steps) {
            self.checkout.check_change(change).await?;
        }
        Ok((live, steps))
    }

    /// The price that a change names, as the shop has it now.
    async fn price(&self) -> Result<NewPrice, Error> {
        let Action::Change(change) = self.action else {
            return Ok(None);
        };
        let Some(name) = change.price.as_deref() else {
            return Ok(None);
        };
        let prices = &self.checkout.prices;
        let mut found = prices
            .find_anew(self.stripe, &BTreeSet::from([name]))
            .await?;
        Ok(found.remove(name))
    }

    /// The subscription, as it is at Stripe now, and the ids of the messages about that.
    async fn looked(&self) -> Result<(CheckedSubscription, Vec<String>), Error> {
        let id = &self.held.id;
        let now = self.app.clock.now();
        let looked = self.app.subscriptions.look(id, &Reason::Event).await?;
        let held = self.app.store.subscription(id).await?.value;
        let held = held.ok_or(Error::NotFound)?;
        Ok((CheckedSubscription::of(&held, now), looked.messages))
    }
}

/// The plan of the operation `known`, which is the same as `record`.
fn plan_in(known: &RecordedOperation, record: &IdempotencyRecord) -> Result<Plan, Error> {
    if known.digest != record.digest {
        return Err(Error::KeyReused);
    }
    serde_json::from_str(&known.plan).map_err(|error| Error::Internal(error.into()))
}
