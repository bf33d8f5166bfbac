//! The claims of a signed order, read one by one, so that an error can name the faulty one.

use std::collections::BTreeMap;

use super::{SignedOrder, Terms, claim_fields::ClaimFields, payer_claims, signed_lines};
use crate::{
    Error,
    access::{Claims, LEEWAY},
    amount::{Amount, Currency},
    checkout::CheckoutOptions,
    ids::CallerId,
    order::{
        CaptureMethod, FutureUsage, LineItem, LineTax, OffSession, OrderDetails, OrderId,
        SignedPayer,
    },
    strict_json::Value,
};

/// The audience of a token that describes a purchase.
const ORDER: &str = "farebox:order";
/// The most characters of an unknown claim's name in an error.
const LONGEST_NAME: usize = 40;
/// Standard claims (RFC 7519) that are ignored.
const UNREAD: [&str; 2] = ["iss", "jti"];

/// Verified claims. Reading one removes it, so that those left over are unknown.
pub(super) struct OrderClaims(BTreeMap<String, Value>);

impl OrderClaims {
    pub(super) fn new(claims: Claims) -> Self {
        let mut claims = claims.into_values();
        claims.retain(|name, value| *value != Value::Null && !UNREAD.contains(&name.as_str()));
        Self(claims)
    }

    /// Checks that the token describes a purchase, and may be used at `now` (Unix seconds).
    pub(super) fn check_use(&mut self, now: i64) -> Result<(), Error> {
        let audience = self.0.remove("aud");
        let audiences = audience.as_ref().map(Value::texts).unwrap_or_default();
        if !audiences.contains(&ORDER) {
            return Err(wrong("aud", "must be `farebox:order`"));
        }
        let expires = self.whole("exp", "must be the Unix time at which it expires")?;
        let expires = expires.ok_or_else(|| wrong("exp", "is missing"))?;
        if now >= expires.saturating_add(LEEWAY) {
            return Err(wrong("exp", "has passed: sign the order anew"));
        }
        let soon = now.saturating_add(LEEWAY);
        let begins = self.whole("nbf", "must be the Unix time from which on it is valid")?;
        if begins.is_some_and(|begins| begins > soon) {
            return Err(wrong("nbf", "is in the future"));
        }
        // It would count as newer than all that the site signs until then.
        match self.signed_at()? > soon {
            true => Err(wrong("iat", "is in the future")),
            false => Ok(()),
        }
    }

    /// The caller who may pay.
    pub(super) fn subject(&mut self) -> Result<CallerId, Error> {
        self.caller("sub")?
            .ok_or_else(|| wrong("sub", "is missing"))
    }

    /// The order; `terms` apply where the site signed none.
    pub(super) fn into_order(mut self, terms: Terms) -> Result<SignedOrder, Error> {
        let id = self.needed_text("orderId")?;
        let id = OrderId::parse(&id).map_err(|what| wrong("orderId", what))?;
        let (lines, amount) = self.lines_and_amount()?;
        let (signed_at, version) = (self.signed_at()?, self.version()?);
        let previous_owner = self.caller("previousSub")?;
        let description = self.text("description")?;
        let metadata = self.metadata()?;
        let (payer, suffix) = (self.payer()?, self.statement_descriptor_suffix()?);
        let checkout = self.checkout()?;
        let tax = self.tax()?;
        if !lines.is_empty() && tax != LineTax::default() {
            let name = tax.code.as_ref().map_or("taxBehavior", |_| "taxCode");
            return Err(wrong(name, "belongs to each of `lines`"));
        }
        let (usage, off_session) = (self.setup_future_usage()?, self.off_session()?);
        if usage.is_some() && off_session.is_some() {
            let what = "does not go with `offSession`, whose payment method is saved";
            return Err(wrong("setupFutureUsage", what));
        }
        let capture_method = self.capture_method()?.unwrap_or(terms.capture_method);
        const TIME: &str = "must be the Unix time after which it may not be paid";
        let expires_at = self.whole("expiresAt", TIME)?;
        self.0.remove("iat");
        if let Some(name) = self.0.keys().next() {
            let name: String = name.chars().take(LONGEST_NAME).collect();
            let name = name.escape_debug();
            let what = format!("`{name}` is not a claim of a signed order");
            return Err(Error::invalid(what));
        }
        let contents = OrderDetails::signed(amount, description, metadata, signed_at)
            .map_err(|unfit| wrong(unfit.field, unfit.what))?;
        let contents = contents.as_version(version).with_checkout(checkout, tax);
        let contents = contents
            .with_lines(lines)
            .with_payer(payer)
            .with_statement_descriptor_suffix(suffix)
            .saving_for(usage)
            .charged(off_session)
            .captured(capture_method)
            .expiring(expires_at);
        Ok(SignedOrder {
            id,
            previous_owner,
            contents,
        })
    }

    /// The lines, and the amount, which is their sum where there are lines.
    fn lines_and_amount(&mut self) -> Result<(Vec<LineItem>, Amount), Error> {
        const FORM: &str = "must be a whole number of minor units, such as 1999 for 19.99";
        let currency = self.needed_text("currency")?;
        let currency = Currency::parse(&currency).map_err(|what| wrong("currency", what))?;
        let amount = self.whole("amount", FORM)?;
        let amount = amount.map(|amount| Amount::new(amount, currency));
        let amount = amount.transpose().map_err(|what| wrong("amount", what))?;
        let Some(lines) = self.0.remove("lines") else {
            let amount = amount.ok_or_else(|| wrong("amount", "is missing"))?;
            return Ok((Vec::new(), amount));
        };
        let (lines, sum) = signed_lines::read(lines, currency)?;
        match amount.is_none_or(|amount| amount == sum) {
            true => Ok((lines, sum)),
            false => Err(wrong("amount", "is not the sum of `lines`")),
        }
    }

    fn signed_at(&self) -> Result<i64, Error> {
        let at = self
            .0
            .get("iat")
            .ok_or_else(|| wrong("iat", "is missing"))?;
        let at = at.whole();
        at.ok_or_else(|| wrong("iat", "must be the Unix time at which it was signed"))
    }

    fn version(&mut self) -> Result<Option<i64>, Error> {
        const FORM: &str = "must be a whole number that is not negative";
        match self.whole("version", FORM)? {
            Some(..0) => Err(wrong("version", FORM)),
            version => Ok(version),
        }
    }

    fn metadata(&mut self) -> Result<BTreeMap<String, String>, Error> {
        const FORM: &str = "must be an object whose values are text";
        let Some(value) = self.0.remove("metadata") else {
            return Ok(BTreeMap::new());
        };
        let values = value.object().ok_or_else(|| wrong("metadata", FORM))?;
        let text = |(key, value): (&String, &Value)| Some((key.clone(), value.text()?.to_owned()));
        let texts: Option<_> = values.iter().map(text).collect();
        texts.ok_or_else(|| wrong("metadata", FORM))
    }

    fn payer(&mut self) -> Result<SignedPayer, Error> {
        let email = self.text("email")?.map(payer_claims::email);
        let name = self.text("name")?.map(payer_claims::name);
        let shipping = self.0.remove("shipping").map(|value| {
            let fields = ClaimFields::of(value, "shipping".to_owned());
            fields.and_then(payer_claims::shipping)
        });
        Ok(SignedPayer {
            email: email.transpose()?,
            has_receipt: false,
            name: name.transpose()?,
            shipping: shipping.transpose()?,
        })
    }

    fn statement_descriptor_suffix(&mut self) -> Result<Option<String>, Error> {
        let suffix = self.text("statementDescriptorSuffix")?;
        suffix
            .map(payer_claims::statement_descriptor_suffix)
            .transpose()
    }

    fn checkout(&mut self) -> Result<CheckoutOptions, Error> {
        match self.0.remove("checkout") {
            None => Ok(CheckoutOptions::default()),
            Some(value) => {
                let options = CheckoutOptions::of(value, "checkout")
                    .map_err(|what| Error::invalid(format!("{what} in the signed order")))?;
                match options.of_a_subscription() {
                    None => Ok(options),
                    Some(name) => Err(wrong(
                        &format!("checkout.{name}"),
                        "is for a subscription: send `items` with recurring prices",
                    )),
                }
            }
        }
    }

    fn tax(&mut self) -> Result<LineTax, Error> {
        let (code, behavior) = (self.text("taxCode")?, self.text("taxBehavior")?);
        LineTax::parse(code, behavior).map_err(|(name, what)| wrong(name, what))
    }

    fn setup_future_usage(&mut self) -> Result<Option<FutureUsage>, Error> {
        const NAME: &str = "setupFutureUsage";
        let usage = self.text(NAME)?.map(|text| FutureUsage::parse(&text));
        usage.transpose().map_err(|what| wrong(NAME, what))
    }

    fn capture_method(&mut self) -> Result<Option<CaptureMethod>, Error> {
        const NAME: &str = "captureMethod";
        let method = self.text(NAME)?.map(|text| CaptureMethod::parse(&text));
        method.transpose().map_err(|what| wrong(NAME, what))
    }

    fn off_session(&mut self) -> Result<Option<OffSession>, Error> {
        let is_off_session = match self.0.remove("offSession") {
            None => false,
            Some(Value::Flag(flag)) => flag,
            Some(_) => return Err(wrong("offSession", "must be true or false")),
        };
        let method = self.text("paymentMethod")?;
        if method.is_some() && !is_off_session {
            return Err(wrong("paymentMethod", "is only for `offSession`"));
        }
        let charge = is_off_session.then(|| OffSession::parse(method));
        charge
            .transpose()
            .map_err(|what| wrong("paymentMethod", what))
    }

    fn caller(&mut self, name: &str) -> Result<Option<CallerId>, Error> {
        let caller = self.text(name)?.map(|text| {
            CallerId::parse(&text).ok_or_else(|| wrong(name, "must be 1 to 128 characters"))
        });
        caller.transpose()
    }

    fn needed_text(&mut self, name: &str) -> Result<String, Error> {
        self.text(name)?.ok_or_else(|| wrong(name, "is missing"))
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Error> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(name, "must be text")),
        }
    }

    fn whole(&mut self, name: &str, form: &str) -> Result<Option<i64>, Error> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::Whole(number)) => Ok(Some(number)),
            Some(_) => Err(wrong(name, form)),
        }
    }
}

/// The error for the claim at a path.
pub(super) fn wrong(claim: &str, what: impl std::fmt::Display) -> Error {
    Error::invalid(format!("`{claim}` of the signed order {what}"))
}
