//! The permissions that Farebox needs of a restricted Stripe key. `doctor` probes them, and
//! `generate` lists them in docs/deploy-aws.md.

use shared::checkout::CheckoutSettings;

/// A permission, by its name in Stripe's dashboard.
pub(crate) struct Permission {
    pub(crate) name: &'static str,
    /// The functions that need it.
    pub(crate) functions: &'static str,
    /// The same, and what for: the document's words.
    pub(crate) used_by: &'static str,
    pub(crate) probe: Probe,
    /// True when a payment or a notification fails without it.
    pub(crate) is_required: bool,
    /// Returns true when a deployment with these options needs it.
    pub(crate) is_used: fn(&CheckoutSettings) -> bool,
    /// Advice for a key without it.
    pub(crate) advice: &'static str,
}

/// A request that tests a permission and changes nothing.
pub(crate) enum Probe {
    /// Lists one object.
    Read(&'static str),
    /// A `POST` with invalid parameters: Stripe returns 400 when the key has the permission, else
    /// 403.
    Create(&'static str, &'static str),
}

impl Permission {
    const fn new(name: &'static str, functions: &'static str, probe: Probe) -> Self {
        Self {
            name,
            functions,
            used_by: functions,
            probe,
            is_required: true,
            is_used: |_| true,
            advice: ": add it",
        }
    }

    /// The permission to read what is listed at `path`.
    const fn read(name: &'static str, functions: &'static str, path: &'static str) -> Self {
        Self::new(name, functions, Probe::Read(path))
    }

    /// The permission to create; `form` is invalid, so that nothing is created.
    const fn write(
        name: &'static str,
        functions: &'static str,
        path: &'static str,
        form: &'static str,
    ) -> Self {
        Self::new(name, functions, Probe::Create(path, form))
    }

    const fn used_by(self, used_by: &'static str) -> Self {
        Self { used_by, ..self }
    }

    const fn advice(self, advice: &'static str) -> Self {
        Self { advice, ..self }
    }

    /// Payments and notifications work without it.
    const fn optional(self, advice: &'static str) -> Self {
        Self {
            is_required: false,
            advice,
            ..self
        }
    }

    const fn only_where(self, is_used: fn(&CheckoutSettings) -> bool) -> Self {
        Self { is_used, ..self }
    }
}

const FOR_OPTIONS: &str = "create-checkout, to keep an open payment where its successor could not \
                           use one";
const FOR_THIN: &str = "webhook and reconcile, for thin events";
const THIN: &str = "; add it if the endpoint sends thin events";
const CHANGES: &str = "; add it if your site changes subscriptions by Farebox";
const USAGE: &str = "; add it if you report usage";
const OF_USAGE: &str = "usage and notify, where you report usage";

/// The permissions that every shop needs, or may need.
pub(crate) const OF_PAYMENTS: [Permission; 20] = [
    // The required currency is missing, and the amount is zero.
    Permission::write(
        "PaymentIntents: write",
        "create-intent, capture, cancel, webhook, order",
        "/v1/payment_intents",
        "amount=0",
    )
    .used_by(
        "create-intent, create-checkout, capture, cancel; webhook, reconcile and order, for \
         payments with too many failed charges; reconcile, for orders that expire; refund, to read \
         the payment of a subscription's invoice",
    ),
    // The required line items are missing.
    Permission::write(
        "Checkout Sessions: write",
        "create-checkout, webhook, order",
        "/v1/checkout/sessions",
        "mode=payment",
    )
    .used_by(
        "create-checkout, and create-intent and cancel for an order with a Checkout Session; \
         webhook, reconcile and order likewise; refund, to read which order a subscription's \
         invoice is of; subscription, to end an unpaid order of the product to which a \
         subscription changes",
    ),
    // Stripe rejects the unknown parameter.
    Permission::write(
        "Customers: write",
        "create-intent, customer",
        "/v1/customers",
        "farebox=0",
    )
    .used_by("create-intent, create-checkout, customer, portal"),
    // The required customer is missing.
    Permission::write(
        "Customer Sessions: write",
        "create-intent",
        "/v1/customer_sessions",
        "",
    )
    .used_by("create-intent, to show saved cards; without it, customers enter their card each time")
    .optional(": add it, or payers see no saved cards in the Payment Element"),
    Permission::read(
        "PaymentMethods: read",
        "customer, create-intent",
        "/v1/payment_methods?limit=1",
    )
    .used_by("customer, and create-intent for off-session orders"),
    // The required customer is missing.
    Permission::write(
        "Customer portal: write",
        "portal",
        "/v1/billing_portal/sessions",
        "",
    ),
    // The required payment is missing.
    Permission::write("Refunds: write", "refund", "/v1/refunds", "amount=0"),
    Permission::read("Prices: read", "create-intent", "/v1/prices?limit=1")
        .used_by("create-intent, create-checkout, subscription"),
    Permission::read("Products: read", "create-intent", "/v1/products?limit=1")
        .used_by("create-intent, create-checkout, subscription"),
    Permission::read("Charges: read", "refund, webhook", "/v1/charges?limit=1")
        .used_by(
            "refund, for the payer's address when it refunds a bank transfer or voucher; webhook, \
             reconcile and order, to count failed charges, to name the payer, and for thin events",
        )
        .optional(
            "; add it if you take bank transfers or vouchers, or the endpoint sends thin events",
        ),
    Permission::read(
        "Refunds: read",
        "webhook, reconcile, order",
        "/v1/refunds?limit=1",
    )
    .used_by(
        "webhook, reconcile and order, for a refunded charge whose refunds are unknown, as at \
         endpoints of API versions before 2024-10-28, and for thin events",
    )
    .advice(": add it, or events of charges with missing refunds are never processed"),
    Permission::read("Disputes: read", "webhook", "/v1/disputes?limit=1")
        .used_by(FOR_THIN)
        .optional(THIN),
    Permission::read(
        "Early fraud warnings: read",
        "webhook",
        "/v1/radar/early_fraud_warnings?limit=1",
    )
    .used_by(FOR_THIN)
    .optional(THIN),
    Permission::read("Reviews: read", "webhook", "/v1/reviews?limit=1")
        .used_by(FOR_THIN)
        .optional(THIN),
    Permission::read(
        "Invoices: read",
        "webhook, reconcile, order",
        "/v1/invoices?limit=1",
    )
    .used_by(
        "webhook, reconcile and order, to name the invoice's page where Checkout makes invoices; \
         without it, notifications have its id alone. For subscriptions also webhook and \
         reconcile, which need it, and refund: without it, no invoice can be refunded",
    )
    .optional(": add it, or notifications do not name an invoice's page")
    .only_where(CheckoutSettings::has_invoices),
    Permission::read(
        "Subscriptions: read",
        "create-checkout",
        "/v1/subscriptions?limit=1",
    )
    .used_by(
        "create-checkout, for recurring prices: without it, it sells none; subscription, refund, \
         webhook and reconcile",
    )
    .optional("; add it if you sell subscriptions"),
    Permission::read("Coupons: read", "create-checkout", "/v1/coupons?limit=1")
        .used_by(FOR_OPTIONS)
        .only_where(|checkout| names(checkout, "/coupons/")),
    Permission::read(
        "Promotion codes: read",
        "create-checkout",
        "/v1/promotion_codes?limit=1",
    )
    .used_by(FOR_OPTIONS)
    .only_where(|checkout| names(checkout, "/promotion_codes/")),
    Permission::read(
        "Shipping rates: read",
        "create-checkout",
        "/v1/shipping_rates?limit=1",
    )
    .used_by(FOR_OPTIONS)
    .only_where(|checkout| names(checkout, "/shipping_rates/")),
    Permission::read("Events: read", "reconcile", "/v1/events?limit=1"),
];

/// The permissions that a shop with subscriptions needs besides. One that is in both lists is
/// needed more there.
pub(crate) const OF_SUBSCRIPTIONS: [Permission; 8] = [
    Permission::read(
        "Subscriptions: read",
        "create-checkout, subscription, webhook, reconcile",
        "/v1/subscriptions?limit=1",
    ),
    Permission::read(
        "Invoices: read",
        "subscription, webhook, reconcile",
        "/v1/invoices?limit=1",
    ),
    // The required customer is missing.
    Permission::write(
        "Subscriptions: write",
        "subscription",
        "/v1/subscriptions",
        "",
    )
    .used_by("subscription, to change one")
    .optional(CHANGES),
    // Stripe rejects the unknown parameter.
    Permission::write(
        "Subscription schedules: write",
        "subscription, create-checkout",
        "/v1/subscription_schedules",
        "farebox=0",
    )
    .used_by(
        "subscription, for changes at the end of a period; create-checkout reads them, to tell \
         which products a caller gets then",
    )
    .optional(CHANGES),
    // The customer or subscription to invoice is missing.
    Permission::write(
        "Invoices: write",
        "subscription",
        "/v1/invoices/create_preview",
        "",
    )
    .used_by("subscription, for previews; Stripe makes no invoice then")
    .optional("; add it if your site previews changes of subscriptions"),
    Permission::read(
        "Entitlements: read",
        "webhook, reconcile",
        "/v1/entitlements/features?limit=1",
    )
    .used_by("refund, webhook and reconcile, where you attach features to products")
    .optional("; add it if you attach features to products"),
    Permission::read(
        "Billing meters: read",
        "usage, notify",
        "/v1/billing/meters?limit=1",
    )
    .used_by(OF_USAGE)
    .optional(USAGE),
    // The required name of a meter is missing.
    Permission::write(
        "Billing meter events: write",
        "usage, notify",
        "/v1/billing/meter_events",
        "",
    )
    .used_by(OF_USAGE)
    .optional(USAGE),
];

/// Returns true when the options name an object whose path in Stripe's API begins with `kind`.
fn names(checkout: &CheckoutSettings, kind: &str) -> bool {
    let mut named = checkout.named_objects().into_iter();
    named.any(|(_, path)| path.starts_with(kind))
}
