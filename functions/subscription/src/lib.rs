//! Handlers for `GET /api/subscription` and `POST /api/subscription`.
//!
//! A caller reads their subscriptions, and what they may use by them; staff whose role reaches
//! further read anybody's (`?owner=…`). The answer comes from the copies in the database: no call
//! to Stripe, and nothing is written. With `view=access` it is one read by key.
//!
//! With `refresh=true` the function first looks at each of the caller's subscriptions at Stripe, at
//! most every two seconds for each caller. A request in between, and one that Stripe does not
//! answer in time, receives the copies; `checkedAt` tells how old they may be.
//!
//! | status | when |
//! |---|---|
//! | `200` | the subscriptions are the caller's, or a role of theirs reaches any |
//! | `400` | a field of the query is unknown or malformed; the message names it |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller reads subscriptions, or not those of `owner` |
//! | `503` | the database did not answer, or the keys cannot be read |
//!
//! A `POST` changes one subscription: another price or quantity, its end, a pause, or that it goes
//! on. [`plan`] decides by the present state at Stripe what is done, the database records it under
//! the caller's idempotency key, and [`apply`] does it: a repeat does the same once more, and
//! Stripe carries it out once. Then Farebox looks at the subscription, and the answer shows it.
//! With `preview`, [`preview`] asks Stripe what it would cost.
//!
//! No call pays money back: what a change credits stays on the customer's balance at Stripe.
//!
//! | status | when |
//! |---|---|
//! | `200` | it is changed, or waits for `payment`; or the preview |
//! | `400` | the request is wrong, or has no `Idempotency-Key`; the message names the field |
//! | `402` | the bank declined |
//! | `403` | no role of the caller changes subscriptions, or pauses their collection |
//! | `404` | there is no such subscription, or no role of the caller reaches it |
//! | `409` | the subscription is over, or an earlier change waits for its payment |
//! | `409` | the caller holds another subscription of the new price's product, or may yet get one |
//! | `409` | the key came with other contents |
//! | `429` | the caller sent too many of these requests; `Retry-After` has the seconds to wait |
//! | `503` | Stripe, the database or the keys are not available; the caller may retry |
//!
//! On Vercel, where `FAREBOX_NOTIFY_URL` is set, the function then notifies the site of the change,
//! and of what else is due. The answer waits for that, at most three seconds, and is the same
//! without it.
//!
//! Read [`view`] for the contents of the response.

pub mod apply;
pub mod change;
pub mod plan;
pub mod preview;
pub mod request;
pub mod view;

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use shared::{
    App, Error, Function,
    access::{Authorized, CallerId, ManageSubscription, Permission as _, ReadSubscription},
    delivery::RequestDelivery,
    env::need,
    error::Code,
    function::{Operation, Trigger},
    request::Query,
    subscriptions::Refreshed,
};
use utoipa::OpenApi;

use self::view::SubscriptionsView;

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "subscription",
    summary: "Returns a caller's subscriptions and what they may use by them; changes, cancels, \
              pauses and resumes one, or previews what that costs.",
    trigger: Trigger::Routes {
        path: "/api/subscription",
        operations: &[
            Operation {
                method: "GET",
                permission: Some(ReadSubscription::NAME),
                errors: &[&[Code::InvalidRequest]],
            },
            Operation {
                method: "POST",
                permission: Some(ManageSubscription::NAME),
                errors: &[&[
                    Code::InvalidRequest,
                    Code::Declined,
                    Code::NotFound,
                    Code::IdempotencyKeyReused,
                    Code::InProgress,
                    Code::PaymentProcessing,
                    Code::AlreadySubscribed,
                    Code::SubscriptionEnded,
                    Code::SubscriptionChanging,
                    Code::BodyTooLarge,
                    Code::TooManyRequests,
                ]],
            },
        ],
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::FAREBOX_SITE_KEY,
        need::DATABASE_URL,
    ],
    max_duration: 60,
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(read, change::change))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    let delivery = app.request_delivery();
    get(read)
        .post(change::change)
        .layer(Extension(delivery))
        .with_state(Arc::new(app))
}

/// The query: the caller's own, unless it names an owner.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    owner: Option<String>,
    view: Option<String>,
    refresh: Option<String>,
}

impl Which {
    fn owner(&self) -> Result<Option<CallerId>, Error> {
        let Some(owner) = self.owner.as_deref() else {
            return Ok(None);
        };
        let owner = CallerId::parse(owner);
        let owner = owner.ok_or_else(|| Error::invalid("`owner` must be a caller's id"))?;
        Ok(Some(owner))
    }

    /// True for what the caller may use alone.
    fn is_access(&self) -> Result<bool, Error> {
        match self.view.as_deref() {
            None | Some("full") => Ok(false),
            Some("access") => Ok(true),
            Some(_) => Err(Error::invalid("`view` must be `full` or `access`")),
        }
    }

    fn refreshes(&self) -> Result<bool, Error> {
        match self.refresh.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::invalid("`refresh` must be `true` or `false`")),
        }
    }
}

/// Returns a caller's subscriptions, and what they may use: the caller's own, or, for staff,
/// anyone's.
#[utoipa::path(
    get,
    path = "/api/subscription",
    operation_id = "readSubscriptions",
    params(
        ("owner" = Option<String>, Query, nullable = false, min_length = 1, max_length = 128,
            description = "The caller whose subscriptions they are, by the `sub` of their token; \
                           without it, the caller's own"),
        ("view" = Option<String>, Query, nullable = false, pattern = "^(full|access)$",
            description = "With `access`, the answer has `entitlements`, `active` and `checkedAt` \
                           alone: one read of the database by key"),
        ("refresh" = Option<bool>, Query,
            description = "With `true`, Farebox first asks Stripe, at most every two seconds for \
                           each caller. Without an answer of Stripe, the copies are returned as \
                           they are stored"),
    ),
    responses(
        (status = 200, description = "The subscriptions", body = SubscriptionsView,
            example = json!({ "subscriptions": [{ "id": "sub_1", "status": "active",
                "items": [{ "id": "si_1", "price": "price_1", "lookupKey": "pro_monthly",
                    "product": "prod_1", "productName": "Pro", "quantity": 1, "unitAmount": 1900,
                    "interval": "month", "intervalCount": 1 }], "currency": "usd",
                "currentPeriodEnd": 1_792_592_000, "cancelAt": null, "cancelAtPeriodEnd": false,
                "trialEnd": null, "hasScheduledChange": false, "createdAt": 1_790_000_000,
                "latestInvoice": null, "checkedAt": 1_790_000_060 }],
                "entitlements": ["pro_monthly", "prod_1"], "active": true,
                "checkedAt": 1_790_000_060 })),
    ),
    security(("callerToken" = [])),
)]
async fn read(
    caller: Authorized<ReadSubscription>,
    State(app): State<Arc<App>>,
    Extension(delivery): Extension<RequestDelivery>,
    Query(which): Query<Which>,
) -> Result<Json<SubscriptionsView>, Error> {
    let (owner, is_access, refreshes) = (which.owner()?, which.is_access()?, which.refreshes()?);
    let caller = caller.reach_list(owner.as_ref())?;
    let owner = owner.unwrap_or_else(|| caller.caller().clone());
    let refreshed = match refreshes {
        true => {
            let refreshed = app.subscriptions.refresh(&owner).await;
            delivery.sweep().await;
            refreshed
        }
        false => Refreshed::default(),
    };
    let account = app.store.billing_account(&owner).await?;
    let access = SubscriptionsView::access(&account, &refreshed, &app);
    if is_access {
        return Ok(Json(access));
    }
    let held = account.value.into_iter().flat_map(|it| it.subscriptions);
    let ids: Vec<String> = held.map(|held| held.id).collect();
    let copies = app.store.subscriptions(&ids).await?;
    Ok(Json(access.with(copies, &refreshed)))
}
