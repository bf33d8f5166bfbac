//! Handler for `POST /api/portal`.
//!
//! Opens Stripe's billing portal for the caller: their own customer, and nobody else's, since a request
//! names none. Whoever has no customer yet gets one. What the portal lets a customer do is set in
//! Stripe's dashboard.
//!
//! | we answer | when |
//! |---|---|
//! | `200` | the browser is to be sent to `url`, which lets whoever has it in: it is good for minutes |
//! | `400` | the request is wrong, or `returnUrl` is not of an origin that is allowed; the message names the field |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller's opens the portal |
//! | `409` | another request of the caller's is making their customer: the same may be sent again |
//! | `429` | the caller sent too many of these requests lately; `Retry-After` says when there is room |
//! | `503` | the portal's settings were never saved at Stripe (`portal_not_configured`) |
//! | `503` | Stripe or the ledger did not answer in time, or the keys cannot be read; the same request may be sent again |

mod interface;

use axum::{
    Json,
    extract::{FromRef, State},
    routing::{MethodRouter, post},
};
pub use interface::Interface;
use interface::Refusals;
use serde::{Deserialize, Serialize};
use shared::{
    Clock, Config, Error,
    access::{Allowed, CallerId, Callers, OpenPortal},
    config::need,
    customers::{Customers, Known},
    host,
    ledger::Ledger,
    limits::{Gate, Limits, Lookup},
    request::{self, ReturnOrigins},
    stripe::{Redacted, Stripe},
};
use utoipa::ToSchema;

/// What this function cannot do without.
pub const NEEDS: &[&str] = &[
    need::STRIPE_SECRET_KEY,
    need::FAREBOX_SITE_KEY,
    need::FAREBOX_LEDGER,
    need::FAREBOX_RETURN_ORIGINS,
];

/// What the handler works with.
#[derive(Clone, Debug)]
pub struct App {
    callers: Callers,
    stripe: Stripe,
    ledger: Ledger,
    limits: Limits,
    return_origins: ReturnOrigins,
    clock: Clock,
}

impl App {
    /// From the settings of a process.
    ///
    /// # Errors
    ///
    /// [`host::Error`] when the keys cannot be read, or the ledger cannot be opened.
    pub async fn open(config: Config) -> Result<Self, host::Error> {
        let stripe = Stripe::new(&config);
        let ledger = host::open(&config, Some(&stripe)).await?;
        Ok(Self::new(&config, stripe, ledger, Clock::default()))
    }

    /// From parts that are there already.
    #[must_use]
    pub fn new(config: &Config, stripe: Stripe, ledger: Ledger, clock: Clock) -> Self {
        Self {
            callers: Callers::new(config, clock.clone()),
            limits: Limits::new(config, ledger.clone(), clock.clone()),
            stripe: stripe.of(&ledger),
            ledger,
            return_origins: config.return_origins.clone(),
            clock,
        }
    }

    /// The same, with one deadline for all calls to Stripe.
    fn for_one_request(self) -> Self {
        Self {
            stripe: self.stripe.for_one_request(),
            ..self
        }
    }
}

impl FromRef<App> for Limits {
    fn from_ref(app: &App) -> Self {
        app.limits.clone()
    }
}

impl FromRef<App> for Callers {
    fn from_ref(app: &App) -> Self {
        app.callers.clone()
    }
}

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    post(open).with_state(app)
}

/// What the caller sends. Which customer is not theirs to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OpenPortal)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Open {
    /// Where the portal leads back to.
    #[schema(format = "uri", max_length = 2048)]
    return_url: String,
}

/// Where the browser is to be sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PortalOpened)]
struct Opened {
    #[schema(value_type = String)]
    url: Redacted,
}

/// Opens the billing portal for the caller.
#[utoipa::path(
    post,
    path = "/api/portal",
    operation_id = "openPortal",
    request_body(content = Open, example = json!({ "returnUrl": "https://shop.example/account" })),
    responses(
        (status = 200, description = "The browser is to be sent to this URL, which is good for minutes", body = Opened,
            example = json!({ "url": "https://billing.stripe.com/p/session/…" })),
        Refusals,
    ),
    security(("callerToken" = [])),
)]
async fn open(
    caller: Allowed<OpenPortal>,
    gate: Gate,
    State(app): State<App>,
    request::Json(request): request::Json<Open>,
) -> Result<Json<Opened>, Error> {
    let app = app.for_one_request();
    let return_url = app.return_origins.check("returnUrl", &request.return_url)?;
    let owner = caller.caller().clone();
    let caller = caller.admitted(gate.admit_lookup(&owner, Lookup::Portal).await)?;
    let customer = app.customers().of(&owner).await?;
    caller.reach(Some(&owner), customer.id())?;
    let url = app.opened(&owner, &customer, return_url.as_str()).await?;
    Ok(Json(Opened { url }))
}

impl App {
    fn customers(&self) -> Customers<'_> {
        Customers {
            stripe: &self.stripe,
            ledger: &self.ledger,
            clock: &self.clock,
        }
    }

    /// The portal of the owner's `customer`; of another, where that is gone.
    async fn opened(
        &self,
        owner: &CallerId,
        customer: &Known,
        return_url: &str,
    ) -> Result<Redacted, Error> {
        let open =
            |customer: String| async move { self.stripe.open_portal(&customer, return_url).await };
        self.customers().made_for(owner, customer, open).await
    }
}
