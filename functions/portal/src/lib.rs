//! Handler for `POST /api/portal`.
//!
//! Opens Stripe's billing portal for the caller: their own customer, and nobody else's, since a
//! request names none. A caller without a customer gets one. The portal's features are set in
//! Stripe's dashboard.
//!
//! With a `flow` the portal leads straight to one change, and back to `returnUrl` after it: the end
//! of a subscription, another plan, or another payment method.
//!
//! | status | when |
//! |---|---|
//! | `200` | send the browser to `url`, which admits anyone who has it, and is valid for minutes |
//! | `400` | the request is wrong; the message names the field |
//! | `400` | the origin of `returnUrl` is not allowed |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller opens the portal |
//! | `404` | there is no such subscription, or it is another caller's |
//! | `409` | the subscription is over |
//! | `409` | another request of the caller is creating their customer: the caller may retry |
//! | `429` | the caller sent too many of these requests; `Retry-After` has the seconds to wait |
//! | `503` | the portal's settings were never saved at Stripe (`portal_not_configured`) |
//! | `503` | Stripe, the database or the keys are not available; the caller may retry |

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    routing::{MethodRouter, post},
};
use serde::{Deserialize, Serialize};
use shared::{
    App, Error, Function,
    access::{Authorized, CallerId, OpenPortal, Permission as _},
    customers::{Customers, Known},
    env::need,
    error::Code,
    function::Trigger,
    rate_limit::{Lookup, RateLimiter},
    request,
    stripe::{PortalFlow, Redacted},
};
use utoipa::{OpenApi, ToSchema};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "portal",
    summary: "Opens Stripe's billing portal for the caller, and returns its URL.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/portal",
        permission: Some(OpenPortal::NAME),
        errors: &[&[
            Code::InvalidRequest,
            Code::NotFound,
            Code::InProgress,
            Code::SubscriptionEnded,
            Code::BodyTooLarge,
            Code::TooManyRequests,
            Code::PortalNotConfigured,
        ]],
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::FAREBOX_SITE_KEY,
        need::DATABASE_URL,
        need::FAREBOX_RETURN_ORIGINS,
    ],
    max_duration: 60,
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(open))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    post(open).with_state(Arc::new(app))
}

/// The request for the caller's own portal: it names no customer.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OpenPortal)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Open {
    /// The URL to which the portal links back, at an origin of `FAREBOX_RETURN_ORIGINS`.
    #[schema(format = "uri", max_length = 2048)]
    return_url: String,
    /// The one change to which the portal leads straight.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(nullable = false)]
    flow: Option<Flow>,
    /// The caller's subscription, `sub_…`, for the flows `cancel` and `change`.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(nullable = false, pattern = "^sub_[A-Za-z0-9_]{1,251}$")]
    subscription: Option<String>,
}

/// A flow of the portal.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PortalFlow)]
enum Flow {
    /// The end of a subscription.
    Cancel,
    /// Another plan for a subscription.
    Change,
    /// Another payment method.
    PaymentMethod,
}

impl Open {
    /// The flow, in Stripe's terms.
    fn flow(&self) -> Result<Option<PortalFlow<'_>>, Error> {
        match (self.flow, self.subscription.as_deref()) {
            (None, None) => Ok(None),
            (Some(Flow::Cancel), Some(id)) => Ok(Some(PortalFlow::Cancel(id))),
            (Some(Flow::Change), Some(id)) => Ok(Some(PortalFlow::Change(id))),
            (Some(Flow::PaymentMethod), None) => Ok(Some(PortalFlow::PaymentMethod)),
            (Some(Flow::Cancel | Flow::Change), None) => Err(Error::invalid(
                "`subscription` is missing: the flow is about one",
            )),
            (None | Some(Flow::PaymentMethod), Some(_)) => Err(Error::invalid(
                "`subscription` is only for the flows `cancel` and `change`",
            )),
        }
    }
}

/// The billing portal of the caller.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalOpened)]
struct PortalLink {
    /// The portal's URL, valid for minutes. Send only the caller's browser there: anyone who has
    /// the URL can open it.
    #[schema(value_type = String)]
    url: Redacted,
}

/// Opens Stripe's billing portal for the caller.
#[utoipa::path(
    post,
    path = "/api/portal",
    operation_id = "openPortal",
    request_body(content = Open, examples(
        ("portal" = (value = json!({ "returnUrl": "https://shop.example/account" }))),
        ("cancel" = (summary = "Straight to the end of a subscription",
            value = json!({ "returnUrl": "https://shop.example/account", "flow": "cancel",
                "subscription": "sub_1" }))),
    )),
    responses(
        (status = 200, description = "The portal's URL", body = PortalLink,
            example = json!({ "url": "https://billing.stripe.com/p/session/…" })),
    ),
    security(("callerToken" = [])),
)]
async fn open(
    caller: Authorized<OpenPortal>,
    limiter: RateLimiter,
    State(app): State<Arc<App>>,
    request::Json(request): request::Json<Open>,
) -> Result<Json<PortalLink>, Error> {
    let return_url = app.return_origins.check("returnUrl", &request.return_url)?;
    let flow = request.flow()?;
    let owner = caller.caller().clone();
    let caller = caller.admitted(limiter.admit_lookup(&owner, Lookup::Portal).await)?;
    let stripe = app.stripe.for_one_request();
    let customers = Customers {
        stripe: &stripe,
        store: &app.store,
        clock: &app.clock,
    };
    if let Some(id) = request.subscription.as_deref() {
        let held = app.store.subscription(id).await?.value;
        caller.reach(held.as_ref().map(|held| &held.owner), id)?;
        let held = held.ok_or(Error::NotFound)?;
        if held.has_ended() {
            return Err(Error::SubscriptionEnded);
        }
        let url = stripe.open_portal(&held.customer, return_url.as_str(), flow);
        return Ok(Json(PortalLink { url: url.await? }));
    }
    let customer = customers.of(&owner).await?;
    caller.reach(Some(&owner), customer.id())?;
    let url = opened(&customers, &owner, &customer, return_url.as_str(), flow).await?;
    Ok(Json(PortalLink { url }))
}

/// The portal of the owner's `customer`; of a new one, where that is gone.
async fn opened(
    customers: &Customers<'_>,
    owner: &CallerId,
    customer: &Known,
    return_url: &str,
    flow: Option<PortalFlow<'_>>,
) -> Result<Redacted, Error> {
    let stripe = customers.stripe;
    let open =
        |customer: String| async move { stripe.open_portal(&customer, return_url, flow).await };
    customers.made_for(owner, customer, open).await
}
