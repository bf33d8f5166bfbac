//! Checks the Stripe key and its permissions.

use shared::checkout::CheckoutSettings;

use super::{
    Finding,
    client::{Answer, Stripe, Unreachable},
};

/// A request that tests a permission and changes nothing.
enum Probe {
    /// Lists one object.
    Read(&'static str),
    /// A `POST` with invalid parameters: Stripe returns 400 when the key has the permission, else
    /// 403.
    Create(&'static str, &'static str),
}

/// A permission, by its name in Stripe's dashboard.
struct Permission {
    name: &'static str,
    /// The functions that need it.
    function: &'static str,
    probe: Probe,
    /// True when a payment or a notification fails without it.
    is_required: bool,
    /// Returns true when a deployment with these options needs it.
    is_used: fn(&CheckoutSettings) -> bool,
    /// Advice for a key without it.
    advice: &'static str,
}

const ADD: &str = ": add it";

const fn read(function: &'static str, name: &'static str, path: &'static str) -> Permission {
    Permission {
        name,
        function,
        probe: Probe::Read(path),
        is_required: true,
        is_used: |_| true,
        advice: ADD,
    }
}

/// A permission to create; `form` is invalid, so that nothing is created.
const fn write(
    function: &'static str,
    name: &'static str,
    path: &'static str,
    form: &'static str,
) -> Permission {
    Permission {
        probe: Probe::Create(path, form),
        ..read(function, name, path)
    }
}

/// A permission to read objects that the options of Checkout Sessions name.
const fn read_for_options(
    name: &'static str,
    path: &'static str,
    is_used: fn(&CheckoutSettings) -> bool,
) -> Permission {
    Permission {
        is_used,
        ..read("create-checkout", name, path)
    }
}

/// A permission that the webhook needs for thin events.
const fn read_for_thin(name: &'static str, path: &'static str) -> Permission {
    Permission {
        is_required: false,
        advice: "; add it if the endpoint sends thin events",
        ..read("webhook", name, path)
    }
}

const PERMISSIONS: [Permission; 20] = [
    // The required currency is missing, and the amount is zero.
    write(
        "create-intent, capture, cancel, webhook, order",
        "PaymentIntents: write",
        "/v1/payment_intents",
        "amount=0",
    ),
    // The required line items are missing.
    write(
        "create-checkout, webhook, order",
        "Checkout Sessions: write",
        "/v1/checkout/sessions",
        "mode=payment",
    ),
    // The required payment is missing.
    write("refund", "Refunds: write", "/v1/refunds", "amount=0"),
    // Stripe rejects the unknown parameter.
    write(
        "create-intent, customer",
        "Customers: write",
        "/v1/customers",
        "farebox=0",
    ),
    // The required customer is missing.
    Permission {
        is_required: false,
        advice: ": add it, or payers see no saved cards in the Payment Element",
        ..write(
            "create-intent",
            "Customer Sessions: write",
            "/v1/customer_sessions",
            "",
        )
    },
    // The required customer is missing.
    write(
        "portal",
        "Customer portal: write",
        "/v1/billing_portal/sessions",
        "",
    ),
    read_for_options("Coupons: read", "/v1/coupons?limit=1", |checkout| {
        names(checkout, "/coupons/")
    }),
    read_for_options(
        "Promotion codes: read",
        "/v1/promotion_codes?limit=1",
        |checkout| names(checkout, "/promotion_codes/"),
    ),
    read_for_options(
        "Shipping rates: read",
        "/v1/shipping_rates?limit=1",
        |checkout| names(checkout, "/shipping_rates/"),
    ),
    read("create-intent", "Prices: read", "/v1/prices?limit=1"),
    read("create-intent", "Products: read", "/v1/products?limit=1"),
    read(
        "customer, create-intent",
        "PaymentMethods: read",
        "/v1/payment_methods?limit=1",
    ),
    Permission {
        is_required: false,
        advice: "; add it if you sell subscriptions",
        ..read(
            "create-checkout",
            "Subscriptions: read",
            "/v1/subscriptions?limit=1",
        )
    },
    read("reconcile", "Events: read", "/v1/events?limit=1"),
    Permission {
        is_required: false,
        advice: "; add it if you take bank transfers or vouchers, or the endpoint sends thin \
                 events",
        ..read("refund, webhook", "Charges: read", "/v1/charges?limit=1")
    },
    Permission {
        advice: ": add it, or events of charges with missing refunds are never processed",
        ..read(
            "webhook, reconcile, order",
            "Refunds: read",
            "/v1/refunds?limit=1",
        )
    },
    Permission {
        is_required: false,
        is_used: CheckoutSettings::has_invoices,
        advice: ": add it, or notifications do not name an invoice's page",
        ..read(
            "webhook, reconcile, order",
            "Invoices: read",
            "/v1/invoices?limit=1",
        )
    },
    read_for_thin("Disputes: read", "/v1/disputes?limit=1"),
    read_for_thin(
        "Early fraud warnings: read",
        "/v1/radar/early_fraud_warnings?limit=1",
    ),
    read_for_thin("Reviews: read", "/v1/reviews?limit=1"),
];

/// A permission that only usage needs.
const fn for_usage(permission: Permission) -> Permission {
    Permission {
        is_required: false,
        advice: "; add it if you report usage",
        ..permission
    }
}

/// The permissions that a shop with subscriptions needs besides.
const OF_SUBSCRIPTIONS: [Permission; 5] = [
    read(
        "create-checkout, subscription, webhook, reconcile",
        "Subscriptions: read",
        "/v1/subscriptions?limit=1",
    ),
    read(
        "subscription, webhook, reconcile",
        "Invoices: read",
        "/v1/invoices?limit=1",
    ),
    Permission {
        is_required: false,
        advice: "; add it if you attach features to products",
        ..read(
            "webhook, reconcile",
            "Entitlements: read",
            "/v1/entitlements/features?limit=1",
        )
    },
    for_usage(read(
        "usage, notify",
        "Billing meters: read",
        "/v1/billing/meters?limit=1",
    )),
    // The required name of a meter is missing.
    for_usage(write(
        "usage, notify",
        "Billing meter events: write",
        "/v1/billing/meter_events",
        "",
    )),
];

/// Returns true when the options name an object whose path in Stripe's API begins with `kind`.
fn names(checkout: &CheckoutSettings, kind: &str) -> bool {
    let mut named = checkout.named_objects().into_iter();
    named.any(|(_, path)| path.starts_with(kind))
}

/// The names of all permissions, as the documents list them.
pub fn names_of_permissions() -> impl Iterator<Item = &'static str> {
    let all = PERMISSIONS.iter().chain(&OF_SUBSCRIPTIONS);
    all.map(|permission| permission.name)
}

/// Checks that Stripe responds and accepts the key; also returns Stripe's clock.
pub(super) async fn reach(stripe: &Stripe<'_>) -> (Finding, Option<i64>) {
    const WHAT: &str = "Stripe";
    let answer = match stripe.get("/v1/events?limit=1").await {
        Ok(answer) => answer,
        Err(Unreachable(cause)) => {
            let text = format!("{} cannot be reached: {cause}", stripe.base());
            return (Finding::problem(WHAT, text), None);
        }
    };
    let found = match answer.status {
        401 => Finding::problem(
            WHAT,
            "does not accept the key in STRIPE_SECRET_KEY: was it rolled or deleted?",
        ),
        // The check of permissions reports on listing events.
        200 | 403 => Finding::ok(WHAT, "reachable, and the key is valid"),
        status => Finding::problem(
            WHAT,
            format!("responds with status {status}: try again later"),
        ),
    };
    (found, answer.date)
}

/// Checks each permission of a restricted key that a deployment with these options needs, and those
/// for subscriptions where the shop `has_plans`.
pub(super) async fn permissions(
    stripe: &Stripe<'_>,
    checkout: &CheckoutSettings,
    has_plans: bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let of_subscriptions = OF_SUBSCRIPTIONS.iter().filter(|_| has_plans);
    let is_listed_there = |one: &&Permission| {
        has_plans && OF_SUBSCRIPTIONS.iter().any(|other| other.name == one.name)
    };
    let used = PERMISSIONS.iter().filter(|one| (one.is_used)(checkout));
    let used = used.filter(|one| !is_listed_there(one));
    for permission in used.chain(of_subscriptions) {
        findings.push(permission.check(stripe).await);
    }
    findings
}

impl Permission {
    async fn check(&self, stripe: &Stripe<'_>) -> Finding {
        let answered = match self.probe {
            Probe::Read(path) => stripe.get(path).await,
            Probe::Create(path, form) => stripe.post(path, form).await,
        };
        let what = format!("{} ({})", self.name, self.function);
        match (answered, &self.probe) {
            (Ok(Answer { status: 403, .. }), _) => {
                let text = format!("the restricted key lacks this permission{}", self.advice);
                match self.is_required {
                    true => Finding::problem(&what, text),
                    false => Finding::unknown(&what, text),
                }
            }
            (Ok(Answer { status: 200, .. }), Probe::Read(_))
            | (Ok(Answer { status: 400, .. }), Probe::Create(..)) => {
                Finding::ok(&what, "the key has this permission")
            }
            (Ok(Answer { status, .. }), _) => {
                Finding::unknown(&what, format!("Stripe responded with status {status}"))
            }
            (Err(Unreachable(cause)), _) => Finding::unknown(&what, cause),
        }
    }
}
