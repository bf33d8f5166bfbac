//! The shape of each option, as a table: its type, its bounds, its allowed values.

use crate::{amount::Currency, event::is_id, strict_json::Value};

/// The shape of a value.
pub(super) enum Shape {
    /// True or false.
    Flag,
    /// One to this many characters.
    Text(usize),
    /// An id with this prefix.
    Id(&'static str),
    /// Letters and digits, up to this many.
    Key(usize),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Two upper-case letters.
    Country,
    /// Three lower-case letters that Stripe knows.
    Currency,
    /// A whole number in these bounds.
    Whole(i64, i64),
    /// Up to this many of one shape, at least one.
    List(usize, &'static Shape),
    /// An object with these fields.
    Object(&'static [Field]),
    /// Names and texts.
    Metadata,
}

/// A field of an object.
pub(super) struct Field {
    name: &'static str,
    is_needed: bool,
    shape: Shape,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        is_needed: false,
        shape,
    }
}

const fn needed(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        is_needed: true,
        shape,
    }
}

/// `{"enabled": true}`
const ENABLED: Shape = Shape::Object(&[needed("enabled", Shape::Flag)]);
const AUTO_NEVER: Shape = Shape::OneOf(&["auto", "never"]);
const MESSAGE: Shape = Shape::Object(&[needed("message", Shape::Text(1200))]);
const LENGTH: Shape = Shape::Whole(0, 255);
const DELIVERY_TIME: Shape = Shape::Object(&[
    needed(
        "unit",
        Shape::OneOf(&["business_day", "day", "hour", "month", "week"]),
    ),
    needed("value", Shape::Whole(1, 1_000_000)),
]);
const MINOR_UNITS: Shape = Shape::Whole(0, 999_999_999_999);

/// A shipping rate that is made with the session.
const RATE_DATA: Shape = Shape::Object(&[
    needed("display_name", Shape::Text(100)),
    needed("type", Shape::OneOf(&["fixed_amount"])),
    needed(
        "fixed_amount",
        Shape::Object(&[
            needed("amount", MINOR_UNITS),
            needed("currency", Shape::Currency),
        ]),
    ),
    field(
        "delivery_estimate",
        Shape::Object(&[
            field("minimum", DELIVERY_TIME),
            field("maximum", DELIVERY_TIME),
        ]),
    ),
    field(
        "tax_behavior",
        Shape::OneOf(&["exclusive", "inclusive", "unspecified"]),
    ),
    field("tax_code", Shape::Id("txcd_")),
    field("metadata", Shape::Metadata),
]);

const CUSTOM_FIELD: Shape = Shape::Object(&[
    needed("key", Shape::Key(200)),
    needed(
        "label",
        Shape::Object(&[
            needed("type", Shape::OneOf(&["custom"])),
            needed("custom", Shape::Text(50)),
        ]),
    ),
    needed("type", Shape::OneOf(&["dropdown", "numeric", "text"])),
    field("optional", Shape::Flag),
    field(
        "dropdown",
        Shape::Object(&[
            needed(
                "options",
                Shape::List(
                    200,
                    &Shape::Object(&[
                        needed("label", Shape::Text(100)),
                        needed("value", Shape::Key(100)),
                    ]),
                ),
            ),
            field("default_value", Shape::Key(100)),
        ]),
    ),
    field(
        "numeric",
        Shape::Object(&[
            field("default_value", Shape::Text(255)),
            field("minimum_length", LENGTH),
            field("maximum_length", LENGTH),
        ]),
    ),
    field(
        "text",
        Shape::Object(&[
            field("default_value", Shape::Text(255)),
            field("minimum_length", LENGTH),
            field("maximum_length", LENGTH),
        ]),
    ),
]);

const INVOICE_DATA: Shape = Shape::Object(&[
    field("description", Shape::Text(1500)),
    field("footer", Shape::Text(5000)),
    field(
        "custom_fields",
        Shape::List(
            4,
            &Shape::Object(&[
                needed("name", Shape::Text(40)),
                needed("value", Shape::Text(140)),
            ]),
        ),
    ),
    field("account_tax_ids", Shape::List(5, &Shape::Id("txi_"))),
    field("metadata", Shape::Metadata),
    field(
        "rendering_options",
        Shape::Object(&[field(
            "amount_tax_display",
            Shape::OneOf(&["exclude_tax", "include_inclusive_tax"]),
        )]),
    ),
]);

/// A time in Unix seconds.
const TIME: Shape = Shape::Whole(1, 99_999_999_999);

/// What the subscription gets that a session begins.
const SUBSCRIPTION_DATA: Shape = Shape::Object(&[
    field("billing_cycle_anchor", TIME),
    field("description", Shape::Text(500)),
    field("metadata", Shape::Metadata),
    field(
        "proration_behavior",
        Shape::OneOf(&["create_prorations", "none"]),
    ),
    field("trial_end", TIME),
    field("trial_period_days", Shape::Whole(1, 730)),
    field(
        "trial_settings",
        Shape::Object(&[needed(
            "end_behavior",
            Shape::Object(&[needed(
                "missing_payment_method",
                Shape::OneOf(&["cancel", "create_invoice", "pause"]),
            )]),
        )]),
    ),
]);

/// The languages of hosted Checkout.
const LOCALES: &[&str] = &[
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr",
    "fr-CA", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt",
    "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
];
pub(super) const LOCALE: Shape = Shape::OneOf(LOCALES);

/// All options.
/// True when `name` is an option.
pub(super) fn is_option(name: &str) -> bool {
    OPTIONS.iter().any(|option| option.name == name)
}

pub(super) const OPTIONS: &[Field] = &[
    field("allow_promotion_codes", Shape::Flag),
    field(
        "discounts",
        Shape::List(
            1,
            &Shape::Object(&[
                field("coupon", Shape::Text(200)),
                field("promotion_code", Shape::Id("promo_")),
            ]),
        ),
    ),
    field("automatic_tax", ENABLED),
    field(
        "tax_id_collection",
        Shape::Object(&[
            needed("enabled", Shape::Flag),
            field("required", Shape::OneOf(&["if_supported", "never"])),
        ]),
    ),
    field(
        "billing_address_collection",
        Shape::OneOf(&["auto", "required"]),
    ),
    field(
        "shipping_address_collection",
        Shape::Object(&[needed(
            "allowed_countries",
            Shape::List(300, &Shape::Country),
        )]),
    ),
    field(
        "shipping_options",
        Shape::List(
            5,
            &Shape::Object(&[
                field("shipping_rate", Shape::Id("shr_")),
                field("shipping_rate_data", RATE_DATA),
            ]),
        ),
    ),
    field("phone_number_collection", ENABLED),
    field(
        "invoice_creation",
        Shape::Object(&[
            needed("enabled", Shape::Flag),
            field("invoice_data", INVOICE_DATA),
        ]),
    ),
    field(
        "consent_collection",
        Shape::Object(&[
            field(
                "payment_method_reuse_agreement",
                Shape::Object(&[needed("position", Shape::OneOf(&["auto", "hidden"]))]),
            ),
            field("promotions", Shape::OneOf(&["auto", "none"])),
            field("terms_of_service", Shape::OneOf(&["none", "required"])),
        ]),
    ),
    field("custom_fields", Shape::List(3, &CUSTOM_FIELD)),
    field(
        "custom_text",
        Shape::Object(&[
            field("after_submit", MESSAGE),
            field("shipping_address", MESSAGE),
            field("submit", MESSAGE),
            field("terms_of_service_acceptance", MESSAGE),
        ]),
    ),
    field(
        "customer_update",
        Shape::Object(&[
            field("address", AUTO_NEVER),
            field("name", AUTO_NEVER),
            field("shipping", AUTO_NEVER),
        ]),
    ),
    field(
        "saved_payment_method_options",
        Shape::Object(&[
            field(
                "allow_redisplay_filters",
                Shape::List(3, &Shape::OneOf(&["always", "limited", "unspecified"])),
            ),
            field(
                "payment_method_remove",
                Shape::OneOf(&["disabled", "enabled"]),
            ),
            field(
                "payment_method_save",
                Shape::OneOf(&["disabled", "enabled"]),
            ),
        ]),
    ),
    field(
        "payment_method_collection",
        Shape::OneOf(&["always", "if_required"]),
    ),
    field("subscription_data", SUBSCRIPTION_DATA),
    field("payment_method_types", Shape::List(40, &Shape::Key(40))),
    field("payment_method_configuration", Shape::Id("pmc_")),
    field("locale", LOCALE),
    field(
        "submit_type",
        Shape::OneOf(&["auto", "book", "donate", "pay", "subscribe"]),
    ),
    field("adaptive_pricing", ENABLED),
    // A minute less than Stripe's day: see `stripe::sessions`.
    field("expires_after", Shape::Whole(1_800, 86_340)),
];

/// What browsers may choose among.
pub(super) const CHOICES: Shape = Shape::Object(&[
    field("currency", Shape::List(200, &Shape::Currency)),
    field("locale", Shape::List(50, &LOCALE)),
    field("shipping_rate", Shape::List(50, &Shape::Id("shr_"))),
]);

/// The rules of the shop's subscriptions.
pub(super) const SUBSCRIPTIONS: Shape = Shape::Object(&[field("multiple", Shape::Flag)]);

/// Checks the fields of the object at `place`; the error is a path, and the fault there.
pub(super) fn check_fields(fields: &[Field], value: &Value, place: &str) -> Result<(), String> {
    let object = value
        .object()
        .ok_or_else(|| format!("`{place}` must be an object"))?;
    for (name, value) in object {
        let known = fields.iter().find(|field| field.name == name);
        let place = path(place, name);
        match known {
            Some(field) => field.shape.check(value, &place)?,
            None => return Err(format!("`{place}` is not an option that Farebox knows")),
        }
    }
    let missing = fields
        .iter()
        .find(|field| field.is_needed && !object.contains_key(field.name));
    match missing {
        Some(field) => Err(format!("`{}` is missing", path(place, field.name))),
        None => Ok(()),
    }
}

/// The path of the field `name` of the object at `place`. A name that is not one of ours is cut.
fn path(place: &str, name: &str) -> String {
    let name: String = name.chars().take(40).collect();
    let name = name.escape_debug();
    match place.is_empty() {
        true => name.to_string(),
        false => format!("{place}.{name}"),
    }
}

impl Shape {
    pub(super) fn check(&self, value: &Value, place: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("`{place}` {what}"));
        let text = value.text().unwrap_or_default();
        let length = text.chars().count();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        match self {
            Self::Flag if !matches!(value, Value::Flag(_)) => wrong("must be true or false"),
            Self::Text(most) if !(1..=*most).contains(&length) => {
                wrong(&format!("must be text of 1 to {most} characters"))
            }
            Self::Key(most) if !(1..=*most).contains(&length) || !text.chars().all(is_plain) => {
                wrong(&format!("must be 1 to {most} letters and digits"))
            }
            Self::Id(prefix) => match text.strip_prefix(prefix) {
                Some(rest) if is_id(rest) => Ok(()),
                _ => wrong(&format!("must be an id of Stripe's, `{prefix}…`")),
            },
            Self::OneOf(allowed) if !allowed.contains(&text) => {
                wrong(&format!("must be one of {}", allowed.join(", ")))
            }
            Self::Country => match length == 2 && text.chars().all(|c| c.is_ascii_uppercase()) {
                true => Ok(()),
                false => wrong("must be a country, such as `DE`"),
            },
            Self::Currency => match Currency::parse(text) {
                Ok(_) => Ok(()),
                Err(unknown) => wrong(&unknown.to_string()),
            },
            Self::Whole(least, most) => match value.whole() {
                Some(number) if (*least..=*most).contains(&number) => Ok(()),
                _ => wrong(&format!("must be a whole number from {least} to {most}")),
            },
            Self::List(most, shape) => match value {
                Value::List(values) if (1..=*most).contains(&values.len()) => values
                    .iter()
                    .enumerate()
                    .try_for_each(|(n, value)| shape.check(value, &format!("{place}[{n}]"))),
                _ => wrong(&format!("must be a list of 1 to {most} entries")),
            },
            Self::Object(fields) => check_fields(fields, value, place),
            Self::Metadata => match value.object() {
                Some(all) if all.values().all(|value| value.text().is_some()) => Ok(()),
                _ => wrong("must be an object whose values are text"),
            },
            _ => Ok(()),
        }
    }
}
