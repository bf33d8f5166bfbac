//! Whether Stripe takes the key, and lets it do what the functions do.

use super::{
    Finding,
    asking::{Answer, Stripe, Unreachable},
};

/// How a right is tried without effect.
enum Try {
    /// A list of one.
    Read(&'static str),
    /// A `POST` that Stripe refuses with 400 when the key may do it, and with 403 when it may not.
    Refused(&'static str, &'static str),
}

/// A right, by the name that Stripe's dashboard has for it.
struct Right {
    name: &'static str,
    /// Which function needs it.
    function: &'static str,
    how: Try,
    /// Whether every deployment needs it.
    is_needed: bool,
    /// What follows when the key lacks it.
    advice: &'static str,
}

const ADD: &str = ": add it";

const fn read(function: &'static str, name: &'static str, path: &'static str) -> Right {
    Right {
        name,
        function,
        how: Try::Read(path),
        is_needed: true,
        advice: ADD,
    }
}

/// What webhook reads where an event only names its object.
const fn read_for_thin(name: &'static str, path: &'static str) -> Right {
    Right {
        is_needed: false,
        advice: "; add it if the endpoint sends thin events",
        ..read("webhook", name, path)
    }
}

const RIGHTS: [Right; 14] = [
    Right {
        name: "PaymentIntents: write",
        function: "create-intent, webhook",
        // No payment intent can be made of it: the currency, which is required, is not there, and
        // an amount of nothing is refused besides.
        how: Try::Refused("/v1/payment_intents", "amount=0"),
        is_needed: true,
        advice: ADD,
    },
    Right {
        name: "Checkout Sessions: write",
        function: "create-checkout, webhook",
        // No page can be made of it: what it would sell, which is required, is not there.
        how: Try::Refused("/v1/checkout/sessions", "mode=payment"),
        is_needed: true,
        advice: ADD,
    },
    Right {
        name: "Refunds: write",
        function: "refund",
        // Nothing can be refunded by it: which payment, which is required, is not there.
        how: Try::Refused("/v1/refunds", "amount=0"),
        is_needed: true,
        advice: ADD,
    },
    Right {
        name: "Customers: write",
        function: "create-intent, customer",
        // No customer is made of it: there is no such parameter.
        how: Try::Refused("/v1/customers", "farebox=0"),
        is_needed: true,
        advice: ADD,
    },
    Right {
        name: "Customer portal: write",
        function: "portal",
        // No session is made of it: the customer, which is required, is not there.
        how: Try::Refused("/v1/billing_portal/sessions", ""),
        is_needed: true,
        advice: ADD,
    },
    read("create-intent", "Prices: read", "/v1/prices?limit=1"),
    read("create-intent", "Products: read", "/v1/products?limit=1"),
    read(
        "customer",
        "PaymentMethods: read",
        "/v1/payment_methods?limit=1",
    ),
    read("reconcile", "Events: read", "/v1/events?limit=1"),
    Right {
        is_needed: false,
        advice: "; add it if you take bank transfers or vouchers, or the endpoint sends thin events",
        ..read("refund, webhook", "Charges: read", "/v1/charges?limit=1")
    },
    Right {
        advice: ": add it, or an event of a charge whose refunds are not known is never taken",
        ..read("webhook, reconcile", "Refunds: read", "/v1/refunds?limit=1")
    },
    read_for_thin("Disputes: read", "/v1/disputes?limit=1"),
    read_for_thin(
        "Early fraud warnings: read",
        "/v1/radar/early_fraud_warnings?limit=1",
    ),
    read_for_thin("Reviews: read", "/v1/reviews?limit=1"),
];

/// Whether Stripe answers at all and knows the key; and what its clock says.
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
            "does not know the key in STRIPE_SECRET_KEY: was it rolled or deleted?",
        ),
        // Whether the key may list events is told with the other rights.
        200 | 403 => Finding::ok(WHAT, "answers, and knows the key"),
        status => Finding::problem(
            WHAT,
            format!("answers with status {status}: try again later"),
        ),
    };
    (found, answer.date)
}

/// Whether the key has every right that a function needs.
pub(super) async fn permissions(stripe: &Stripe<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for right in &RIGHTS {
        findings.push(right.tried(stripe).await);
    }
    findings
}

impl Right {
    async fn tried(&self, stripe: &Stripe<'_>) -> Finding {
        let answered = match self.how {
            Try::Read(path) => stripe.get(path).await,
            Try::Refused(path, form) => stripe.post(path, form).await,
        };
        let what = format!("{} ({})", self.name, self.function);
        match (answered, &self.how) {
            (Ok(Answer { status: 403, .. }), _) => {
                let text = format!("the restricted key lacks this right{}", self.advice);
                match self.is_needed {
                    true => Finding::problem(&what, text),
                    false => Finding::unknown(&what, text),
                }
            }
            (Ok(Answer { status: 200, .. }), Try::Read(_))
            | (Ok(Answer { status: 400, .. }), Try::Refused(..)) => {
                Finding::ok(&what, "the key has this right")
            }
            (Ok(Answer { status, .. }), _) => {
                Finding::unknown(&what, format!("Stripe answered with status {status}"))
            }
            (Err(Unreachable(cause)), _) => Finding::unknown(&what, cause),
        }
    }
}
