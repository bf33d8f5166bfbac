//! Handler for `GET /api/customer`.
//!
//! A caller reads their own data at Stripe and their orders. Staff whose role reaches further read
//! anybody's: by Stripe's customer id (`?id=cus_…`) or by an order (`?order=…`). It writes nothing
//! but the count for the rate limit. No customer is found by e-mail.
//!
//! | status | when |
//! |---|---|
//! | `200` | the customer is the caller, or a role of theirs reaches any |
//! | `400` | the query names both, or something that is not an id |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller reads customers |
//! | `404` | there is no such customer or order, or it is another caller's |
//! | `429` | the caller sent too many of these requests; `Retry-After` has the seconds to wait |
//! | `503` | Stripe, the database or the keys are not available; the caller may retry |
//!
//! Without a customer at Stripe, `id` is null. Farebox fetches only customers that the database
//! has, and only after the caller may read them. Any other name costs the same reads of the
//! database, whether it exists or not.
//!
//! Read [`view`] for the contents of the response.

mod email;
mod payment_method;
pub mod view;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use shared::{
    App, Error, Function,
    access::{Authorized, CallerId, Permission as _, ReadCustomer},
    env::need,
    error::Code,
    function::Trigger,
    order::{Order, OrderId},
    rate_limit::{Lookup, RateLimiter},
    request::Query,
    store::Store,
    stripe::Stripe,
};
use utoipa::OpenApi;

use self::view::CustomerView;

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "customer",
    summary: "Returns a customer's name, e-mail (masked for staff), saved payment methods and \
              orders.",
    trigger: Trigger::Route {
        method: "GET",
        path: "/api/customer",
        permission: Some(ReadCustomer::NAME),
        errors: &[&[Code::InvalidRequest, Code::NotFound, Code::TooManyRequests]],
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
#[openapi(paths(read))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    get(read).with_state(Arc::new(app))
}

/// The query: the caller themselves, unless a field is set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Stripe's id of a customer.
    id: Option<String>,
    /// An order, for its owner.
    order: Option<String>,
}

/// The customer whose data is read.
#[derive(Debug)]
struct Subject {
    owner: CallerId,
    /// True when that is the caller.
    is_caller: bool,
    /// Their Stripe customer, if they have one.
    customer: Option<String>,
}

/// Returns a customer's data at Stripe and their orders: the caller's own, or, for staff, anyone's.
#[utoipa::path(
    get,
    path = "/api/customer",
    operation_id = "readCustomer",
    params(
        ("id" = Option<String>, Query, nullable = false, pattern = "^cus_[A-Za-z0-9]{1,250}$",
            description = "A Stripe customer's id; without `id` and `order`, the caller's own"),
        ("order" = Option<String>, Query, nullable = false, pattern = "^[A-Za-z0-9_-]{1,64}$",
            description = "An order's id, in place of `id`: the customer is its owner"),
    ),
    responses(
        (status = 200, description = "The customer", body = CustomerView,
            example = json!({ "id": "cus_1", "name": "Ada", "email": "a***@e***.com",
                "paymentMethods": [{ "id": "pm_1", "type": "card", "isDefault": true,
                    "card": { "brand": "visa", "last4": "4242", "expMonth": 12,
                        "expYear": 2030 } }],
                "orders": [{ "orderId": "ord_8d0a2f", "status": "paid", "amount": 3000,
                    "currency": "usd", "refundedAmount": 0, "refundPendingAmount": 0,
                    "createdAt": 1_790_000_000 }] })),
    ),
    security(("callerToken" = [])),
)]
async fn read(
    caller: Authorized<ReadCustomer>,
    limiter: RateLimiter,
    State(app): State<Arc<App>>,
    Query(which): Query<Which>,
) -> Result<Json<CustomerView>, Error> {
    let customers = Customers {
        stripe: app.stripe.for_one_request(),
        store: &app.store,
    };
    let asked = limiter
        .admit_lookup(caller.caller(), Lookup::Customer)
        .await;
    let caller = caller.admitted(asked)?;
    let subject = match (which.id, which.order) {
        (None, None) => customers.caller_itself(caller).await?,
        (Some(id), None) => customers.named(caller, id).await?,
        (None, Some(order)) => customers.owner_of(caller, &order).await?,
        (Some(_), Some(_)) => {
            return Err(Error::invalid("send `id` or `order`, not both"));
        }
    };
    customers.view(&subject).await.map(Json)
}

/// Looks customers up, for one request.
#[derive(Debug)]
struct Customers<'a> {
    stripe: Stripe,
    store: &'a Store,
}

impl Customers<'_> {
    async fn caller_itself(&self, caller: Authorized<ReadCustomer>) -> Result<Subject, Error> {
        let owner = caller.caller().clone();
        let customer = self.customer_of(&owner).await?;
        caller.reach(Some(&owner), customer.as_deref().unwrap_or("none"))?;
        Ok(Subject {
            owner,
            is_caller: true,
            customer,
        })
    }

    /// The caller who is the Stripe customer with `id`.
    async fn named(&self, caller: Authorized<ReadCustomer>, id: String) -> Result<Subject, Error> {
        if !is_customers(&id) {
            return Err(Error::invalid("`id` must be a customer's id, `cus_…`"));
        }
        let holder = self.store.holder_of(&id).await?;
        // Another customer may have replaced it since. Without a holder the same is read, so that
        // the time reveals nothing.
        let place = holder.as_ref().unwrap_or(caller.caller());
        let customer = self.customer_of(place).await?;
        let owner = holder.filter(|_| customer.as_ref() == Some(&id));
        let reached = caller.reach(owner.as_ref(), &id)?;
        Ok(Subject {
            owner: owner.ok_or(Error::NotFound)?,
            is_caller: reached.is_owner(),
            customer,
        })
    }

    /// The owner of the order with this id.
    async fn owner_of(
        &self,
        caller: Authorized<ReadCustomer>,
        order: &str,
    ) -> Result<Subject, Error> {
        let id = OrderId::parse(order);
        let id = id.map_err(|what| Error::invalid(format!("`order` {what}")))?;
        let order = self.store.order(&id).await?;
        let owner = order.as_ref().map(Order::owner);
        let reached = caller.reach(owner, id.as_str())?;
        let owner = owner.ok_or(Error::NotFound)?.clone();
        Ok(Subject {
            customer: self.customer_of(&owner).await?,
            owner,
            is_caller: reached.is_owner(),
        })
    }

    /// The caller's stored Stripe customer.
    async fn customer_of(&self, owner: &CallerId) -> Result<Option<String>, Error> {
        let mapping = self.store.customer_of(owner).await?;
        Ok(mapping.and_then(|mapping| mapping.customer))
    }
}

/// True when `id` looks like a customer id: safe in a path of Stripe's API.
fn is_customers(id: &str) -> bool {
    let rest = id.strip_prefix("cus_").unwrap_or_default();
    (1..=250).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
