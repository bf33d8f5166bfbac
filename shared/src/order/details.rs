//! The contents of an order: an amount, a description, metadata, and options of its checkout.

use std::{cmp::Ordering, collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{CaptureMethod, FutureUsage, LineItem, LineTax, OffSession, OrderItem, SignedPayer};
use crate::{amount::Amount, checkout::CheckoutOptions, digest};

/// An order's id: the site's own, or made from the idempotency key that created it. 1 to 64
/// letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(String);

impl OrderId {
    /// Reads an id.
    ///
    /// # Errors
    ///
    /// A text that reads on from the field's name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        match fits {
            true => Ok(Self(text.to_owned())),
            false => Err("must be 1 to 64 letters, digits, - and _"),
        }
    }

    /// The id of the order that `operation` creates; the same each time.
    #[must_use]
    pub fn of_operation(operation: &str) -> Self {
        let digest = digest::hex(&["order", operation]);
        Self(format!("ord_{}", &digest[..24]))
    }

    /// The id `text`, which is made of such characters.
    pub(super) fn fitting(text: String) -> Self {
        Self(text)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The contents of an order and their amount.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderDetails {
    #[serde(flatten)]
    amount: Amount,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<LineItem>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// The options of its Checkout Sessions that the site signed.
    #[serde(default, skip_serializing_if = "CheckoutOptions::is_empty")]
    checkout: CheckoutOptions,
    /// The tax settings of an amount that the site signed without lines.
    #[serde(default, skip_serializing_if = "LineTax::is_none")]
    tax: LineTax,
    /// Set where the site asks to save the payment method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    setup_future_usage: Option<FutureUsage>,
    /// Who buys, as the site signed it.
    #[serde(default, skip_serializing_if = "SignedPayer::is_none")]
    payer: SignedPayer,
    /// The end of the text on the payer's statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statement_descriptor_suffix: Option<String>,
    /// Set where the site charges the payer in their absence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    off_session: Option<OffSession>,
    #[serde(default, skip_serializing_if = "CaptureMethod::is_automatic")]
    capture_method: CaptureMethod,
    /// The time after which the order may not be paid any more, in Unix seconds. It is no part of
    /// the digest: a later one needs no other payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    /// True when the site did not sign that time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    has_default_end: bool,
}

/// A field that does not meet Stripe's rules.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct InvalidDetails {
    /// The field's name.
    pub field: &'static str,
    /// The fault, a text that reads on from the name.
    pub what: &'static str,
}

/// The most metadata keys for the site: Stripe takes 50, and five are for Farebox.
const MAX_METADATA: usize = 45;
/// The prefix of Farebox's metadata keys.
const RESERVED: &str = "farebox_";

impl OrderDetails {
    /// The details of `amount` and nothing else.
    pub(super) fn of(amount: Amount) -> Self {
        Self {
            amount,
            lines: Vec::new(),
            description: None,
            metadata: BTreeMap::new(),
            signed_at: None,
            version: None,
            checkout: CheckoutOptions::default(),
            tax: LineTax::default(),
            setup_future_usage: None,
            payer: SignedPayer::default(),
            statement_descriptor_suffix: None,
            off_session: None,
            capture_method: CaptureMethod::Automatic,
            expires_at: None,
            has_default_end: false,
        }
    }

    /// Builds details from items that Farebox priced.
    ///
    /// # Errors
    ///
    /// [`crate::amount::Inexact`] when the lines do not add up to an amount.
    pub fn priced(lines: Vec<(LineItem, Amount)>) -> Result<Self, crate::amount::Inexact> {
        let mut total: Option<Amount> = None;
        for (_, amount) in &lines {
            total = Some(match total {
                Some(sum) => sum.plus(*amount)?,
                None => *amount,
            });
        }
        let amount = total.ok_or(crate::amount::Inexact::Empty)?;
        let lines = lines.into_iter().map(|(line, _)| line).collect();
        Ok(Self::of(amount).with_lines(lines))
    }

    /// Builds details from an amount that the site signed at `signed_at` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`InvalidDetails`] when the description or the metadata is not as Stripe takes it
    /// (<https://docs.stripe.com/api/metadata>).
    pub fn signed(
        amount: Amount,
        description: Option<String>,
        metadata: BTreeMap<String, String>,
        signed_at: i64,
    ) -> Result<Self, InvalidDetails> {
        let length = description.as_ref().map(|text| text.chars().count());
        if length.is_some_and(|length| !(1..=1000).contains(&length)) {
            return Err(InvalidDetails {
                field: "description",
                what: "must be 1 to 1000 characters",
            });
        }
        check_metadata(&metadata).map_err(|what| InvalidDetails {
            field: "metadata",
            what,
        })?;
        Ok(Self {
            description,
            metadata,
            signed_at: Some(signed_at),
            ..Self::of(amount)
        })
    }

    /// The same details as the site's own `version` of the order, which takes precedence over the
    /// time of signing.
    #[must_use]
    pub fn as_version(self, version: Option<i64>) -> Self {
        Self { version, ..self }
    }

    /// The same details for this payer.
    #[must_use]
    pub fn with_payer(self, payer: SignedPayer) -> Self {
        Self { payer, ..self }
    }

    /// The same details, whose receipt Stripe sends to the payer's e-mail address, if there is one
    /// and `is_sent`.
    #[must_use]
    pub fn with_receipt(mut self, is_sent: bool) -> Self {
        self.payer.has_receipt = is_sent && self.payer.email.is_some();
        self
    }

    /// Removes who buys. The digest of the contents stays as it was in the order.
    pub(super) fn forget_payer(&mut self) {
        self.payer = SignedPayer::default();
    }

    /// The same details with the end of the text on the payer's statement.
    #[must_use]
    pub fn with_statement_descriptor_suffix(self, suffix: Option<String>) -> Self {
        Self {
            statement_descriptor_suffix: suffix,
            ..self
        }
    }

    /// The same details with the lines that the site signed, which add up to the amount.
    #[must_use]
    pub fn with_lines(self, lines: Vec<LineItem>) -> Self {
        Self { lines, ..self }
    }

    /// The same details with the options of Checkout Sessions and the tax settings that the site
    /// signed.
    #[must_use]
    pub fn with_checkout(self, checkout: CheckoutOptions, tax: LineTax) -> Self {
        Self {
            checkout,
            tax,
            ..self
        }
    }

    /// The same details, whose payment method is saved for later payments.
    #[must_use]
    pub fn saving_for(self, setup_future_usage: Option<FutureUsage>) -> Self {
        Self {
            setup_future_usage,
            ..self
        }
    }

    /// The same details, charged in the payer's absence.
    #[must_use]
    pub fn charged(self, off_session: Option<OffSession>) -> Self {
        Self {
            off_session,
            ..self
        }
    }

    /// The same details, whose payment is captured so.
    #[must_use]
    pub fn captured(self, capture_method: CaptureMethod) -> Self {
        Self {
            capture_method,
            ..self
        }
    }

    /// The same details, which may be paid until `expires_at` (Unix seconds), if there is an end.
    #[must_use]
    pub fn expiring(self, expires_at: Option<i64>) -> Self {
        Self { expires_at, ..self }
    }

    /// The same details, which may be paid until `expires_at`, if there is an end, where the site
    /// signed none.
    #[must_use]
    pub fn expiring_by_default(self, expires_at: Option<i64>) -> Self {
        match self.expires_at {
            None => Self {
                expires_at,
                has_default_end: expires_at.is_some(),
                ..self
            },
            Some(_) => self,
        }
    }

    /// The same details for an order that may be paid until `expires_at`: an end that the site did
    /// not sign stays as it was when the order began.
    pub(super) fn until(self, expires_at: Option<i64>) -> Self {
        match self.has_default_end || self.signed_at.is_none() {
            true => Self { expires_at, ..self },
            false => self,
        }
    }

    /// How Stripe takes the money.
    #[must_use]
    pub fn capture_method(&self) -> CaptureMethod {
        self.capture_method
    }

    /// The time after which the order may not be paid any more, in Unix seconds.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        self.expires_at
    }

    /// The charge in the payer's absence.
    #[must_use]
    pub fn off_session(&self) -> Option<&OffSession> {
        self.off_session.as_ref()
    }

    /// Identifies the signing: of the same contents, another signing is another.
    #[must_use]
    pub fn signing(&self) -> String {
        format!("{:?} {:?}", self.signed_at, self.version)
    }

    /// The later payments for which the payment method is saved.
    #[must_use]
    pub fn setup_future_usage(&self) -> Option<FutureUsage> {
        self.setup_future_usage
    }

    /// The options of Checkout Sessions that the site signed.
    #[must_use]
    pub fn checkout(&self) -> &CheckoutOptions {
        &self.checkout
    }

    /// The tax settings that the site signed.
    #[must_use]
    pub fn tax(&self) -> &LineTax {
        &self.tax
    }

    /// Who buys, as the site signed it.
    #[must_use]
    pub fn payer(&self) -> &SignedPayer {
        &self.payer
    }

    /// The end of the text on the payer's statement, as the site signed it.
    #[must_use]
    pub fn statement_descriptor_suffix(&self) -> Option<&str> {
        self.statement_descriptor_suffix.as_deref()
    }

    /// The amount, to which a Checkout Session may add: the order's subtotal.
    #[must_use]
    pub fn amount(&self) -> Amount {
        self.amount
    }

    /// The lines; none for an amount that the site signed without lines.
    #[must_use]
    pub fn lines(&self) -> &[LineItem] {
        &self.lines
    }

    /// The lines in the form of a response.
    #[must_use]
    pub fn items(&self) -> Vec<OrderItem> {
        self.lines.iter().map(OrderItem::from).collect()
    }

    /// The site's text for the payer's receipt.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The site's own metadata.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Compares the order of signing: by `version` where both have one, else by the second of
    /// signing.
    ///
    /// Priced details are later than other priced ones, and earlier than signed ones.
    #[must_use]
    pub fn compare_signed(&self, earlier: &Self) -> Ordering {
        match (self.version, earlier.version) {
            (Some(version), Some(earlier)) => version.cmp(&earlier),
            _ if self.signed_at.is_none() && earlier.signed_at.is_none() => Ordering::Greater,
            _ => self.signed_at.cmp(&earlier.signed_at),
        }
    }

    /// A hash that identifies the contents; the time of signing does not matter.
    #[must_use]
    pub fn digest(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(LineItem::identity).collect();
        let metadata = self.metadata.iter().flat_map(|(key, value)| [key, value]);
        let minor_units = self.amount.minor_units().to_string();
        let mut parts = vec![self.amount.currency().as_str().to_owned(), minor_units];
        parts.push(lines.join(","));
        parts.push(format!("{:?}", self.description));
        parts.extend(metadata.cloned());
        if !self.checkout.is_empty() {
            parts.push(self.checkout.digest());
        }
        if !self.tax.is_none() {
            parts.push(format!("{:?}", self.tax));
        }
        let usage = self.setup_future_usage;
        parts.extend(usage.map(|usage| format!("setup_future_usage {}", usage.as_str())));
        if !self.payer.is_none() {
            parts.push(serde_json::to_string(&self.payer).unwrap_or_default());
        }
        if let Some(suffix) = &self.statement_descriptor_suffix {
            parts.push(format!("statement {suffix}"));
        }
        if let Some(off_session) = &self.off_session {
            parts.push(format!("off_session {:?}", off_session.payment_method));
        }
        if self.capture_method == CaptureMethod::Manual {
            parts.push("capture manual".to_owned());
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        digest::hex(&parts)[..32].to_owned()
    }
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), &'static str> {
    if metadata.len() > MAX_METADATA {
        return Err("must have at most 45 keys");
    }
    for (key, value) in metadata {
        if key.starts_with(RESERVED) {
            return Err("must not have keys that begin with farebox_");
        }
        if key.is_empty() || key.chars().count() > 40 || key.contains(['[', ']']) {
            return Err("must have keys of 1 to 40 characters without brackets");
        }
        if value.is_empty() || value.chars().count() > 500 {
            return Err("must have values of 1 to 500 characters");
        }
    }
    Ok(())
}
