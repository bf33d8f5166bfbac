//! Variables for the database, notifications, purchases and rate limits.

use super::{EVENTS, Group, NOTIFY, PAYMENTS, RETURNS, Readers, Variable};

pub(super) const DATABASE: Group = Group {
    title: "Database",
    variables: &[Variable::new(
        "DATABASE_URL",
        "sqlite:farebox.sqlite",
        Readers::All,
        "Where orders, events and the outbox live: `sqlite:` and the path of a file, which is \
             created when it is missing, the `postgres://` URL of a server, whose tables `farebox \
             migrate` makes, or `dynamodb:` and the name of a table, which must exist. A table \
             also needs `AWS_REGION` and AWS's credentials. On Vercel it cannot be a file. The URL \
             of a server may instead be in the secret that `FAREBOX_SECRET_ID` names.",
    )
    .see("postgres.md")],
};

pub(super) const NOTIFICATIONS: Group = Group {
    title: "Notifications",
    variables: &[
        Variable::new(
            "FAREBOX_NOTIFY_URL",
            "log:",
            NOTIFY,
            "Where notifications go: the https URL of your site's endpoint, `eventbridge:` and the \
             name or the ARN of an event bus in `AWS_REGION`, or `log:` for a try. Only notify \
             needs it; order, subscription and webhook read it on Vercel, where they deliver as \
             well.",
        )
        .see("integrate.md#fulfil-orders"),
        Variable::new(
            "FAREBOX_NOTIFY_SECRET",
            "whsec_...",
            NOTIFY,
            "Signs notifications to an endpoint, by Standard Webhooks: `whsec_` and the base64 of \
             at least 24 random bytes. Required when `FAREBOX_NOTIFY_URL` is a URL.",
        ),
        Variable::new(
            "FAREBOX_NOTIFY_EVENTS",
            "customer.created",
            EVENTS,
            "Types of Stripe's events that are passed on to your endpoint unchanged, separated by \
             commas. A `*` at the end stands for all types that begin alike: \
             `customer.created,invoice.*`.",
        ),
        Variable::new(
            "FAREBOX_CONNECTED_ACCOUNTS",
            "acct_...",
            EVENTS,
            "Accounts of Stripe Connect whose events count like your own, separated by commas, or \
             `*` for all. Without it, an event of a connected account changes nothing.",
        ),
        Variable::new(
            "FAREBOX_PAYER",
            "keep",
            Readers::Named(&[
                "capture",
                "create-intent",
                "order",
                "reconcile",
                "refund",
                "subscription",
                "webhook",
            ]),
            "Whether an order keeps who paid and where its goods go, and notifications say so, \
             also those about subscriptions: `keep` or `omit`.",
        )
        .by_default()
        .see("security.md#personal-data"),
    ],
};

pub(super) const CHECKOUT: Group = Group {
    title: "Checkout",
    variables: &[
        Variable::new(
            "FAREBOX_RETURN_ORIGINS",
            "https://shop.example",
            RETURNS,
            "The origins of your site to which hosted Checkout and the billing portal may send \
             payers back, separated by commas, without spaces or paths: https, or plain http on \
             this machine, where `*` is any port (`http://localhost:*`).",
        )
        .see("security.md#where-payers-are-sent"),
        Variable::new(
            "FAREBOX_CHECKOUT",
            "/etc/farebox/checkout.json",
            Readers::Named(&["create-checkout", "create-intent", "subscription"]),
            "The path of a file of your own with the options of Checkout Sessions, in place of the \
             built-in checkout.json: promotion codes, tax, shipping and more, in Stripe's own \
             parameter names; and what browsers may choose, such as a currency. A mistake in it \
             stops the start.",
        )
        .see("checkout.md"),
        Variable::new(
            "FAREBOX_MAX_AMOUNT",
            "99999999",
            PAYMENTS,
            "The largest order, in minor units, and other limits for some currencies: \
             `500000,jpy:750000`. Without it, Stripe's limit of each currency: eight digits in \
             general, and up to twelve where eight are little money (IDR, VND, HUF and others; \
             `currencies/src/lib.rs` has them).",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_RECEIPTS",
            "stripe",
            PAYMENTS,
            "Who sends receipts to the e-mail addresses that your server signs: `stripe`, which \
             does so for each payment in live mode, or `off` for nobody.",
        )
        .by_default()
        .see("auth.md#who-buys"),
        Variable::new(
            "FAREBOX_CAPTURE",
            "automatic",
            PAYMENTS,
            "When Stripe takes the money of an order for which your server signs nothing else: \
             `automatic`, when the payer confirms, or `manual`, when staff capture it.",
        )
        .by_default()
        .see("integrate.md#authorize-now-capture-later"),
        Variable::new(
            "FAREBOX_ORDER_TTL",
            "86400",
            PAYMENTS,
            "Seconds in which an order has to be paid, where your server signs no `expiresAt`: 60 \
             to 2592000. After them the order expires, and your endpoint receives `order.expired`. \
             Without it, an order has no end.",
        )
        .see("integrate.md#cancel-and-expire"),
        Variable::new(
            "FAREBOX_PRICE_TTL",
            "60",
            PAYMENTS,
            "Seconds for which a price is held before Stripe is asked again: 0 to 3600.",
        )
        .by_default(),
    ],
};

pub(super) const SUBSCRIPTIONS: Group = Group {
    title: "Subscriptions",
    variables: &[Variable::new(
        "FAREBOX_GRACE",
        "7",
        ENTITLES,
        "Days for which a missing payment of a subscription takes no access from its caller: 0 \
             to 365.",
    )
    .by_default()
    .see("subscriptions.md#who-may-use-what")],
};

/// Functions that tell what a caller may use.
const ENTITLES: Readers =
    Readers::Named(&["order", "reconcile", "refund", "subscription", "webhook"]);

pub(super) const RATE_LIMITS: Group = Group {
    title: "Rate limits",
    variables: &[
        Variable::new(
            "FAREBOX_LIMIT_CALLER",
            "20,open:20",
            LOOKS_UP,
            "Rate limit of one caller, against card testing: the payments started within the \
             window, and those started within a day that are neither paid nor authorized. 1 to \
             1000 each, or `off`. Beyond it the answer is 429.",
        )
        .by_default()
        .see("security.md#rate-limits"),
        Variable::new(
            "FAREBOX_LIMIT_ADDRESS",
            "200,open:400",
            PAYMENTS,
            "The same rate limit by IP address (IPv6: one /64). Behind a site that forwards \
             requests, set it to `off` or set `FAREBOX_CLIENT_ADDRESS`.",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_LIMIT_ATTEMPTS",
            "10",
            ATTEMPTS,
            "Charges of one order that may fail within the window: 1 to 100, or `off`. After \
             that, webhook or reconcile cancels the payment, and create-intent and create-checkout \
             answer 429 until the window is over. Their key needs PaymentIntents and Checkout \
             Sessions write.",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_LIMIT_WINDOW",
            "3600",
            WINDOW,
            "The window, in seconds: 60 to 86400.",
        )
        .by_default(),
        Variable::new(
            "FAREBOX_CLIENT_ADDRESS",
            "header:x-real-ip",
            PAYMENTS,
            "Where the client's address is read when the platform does not know it: `header:` and \
             the name of a header that your own proxy writes last, and that nobody can send past \
             the proxy; or `none`, which limits by caller alone. Without it: on Lambda the address \
             that called the API (behind an Application Load Balancer there is none: set \
             `header:x-forwarded-for`), on Vercel Vercel's header, elsewhere the peer of the \
             connection, unless it is on this machine.",
        )
        .see("security.md#where-the-address-comes-from"),
        Variable::new(
            "FAREBOX_TRUSTED_PROXIES",
            "10.0.0.5,10.1.0.0/16",
            PAYMENTS,
            "The addresses and networks of your own proxies, where they call a server that is not \
             on Lambda or Vercel. That header counts from these peers alone: from the right, the \
             first address that is none of them. Any other peer counts by its own address. With \
             this, the header is `x-forwarded-for` unless `FAREBOX_CLIENT_ADDRESS` names another. \
             Without it, the proxies are on this machine.",
        )
        .see("security.md#where-the-address-comes-from"),
    ],
};

/// Functions that limit lookups or payments by caller.
const LOOKS_UP: Readers = Readers::Named(&[
    "create-checkout",
    "create-intent",
    "customer",
    "portal",
    "subscription",
]);
/// Functions that count failed charges.
const ATTEMPTS: Readers = Readers::Named(&[
    "capture",
    "create-checkout",
    "create-intent",
    "order",
    "reconcile",
    "webhook",
]);
/// Functions that apply any rate limit.
const WINDOW: Readers = Readers::Named(&[
    "capture",
    "create-checkout",
    "create-intent",
    "customer",
    "order",
    "portal",
    "reconcile",
    "subscription",
    "webhook",
]);
