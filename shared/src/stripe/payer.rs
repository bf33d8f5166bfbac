//! The parameters of a payment that tell Stripe who buys, and what the payer sees of it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use stripe_client_core::{RequestBuilder, StripeMethod};

use crate::{event::Recipient, order::OrderDetails};

/// Parameters by their names. They are personal data: there is no `Debug`.
pub(super) struct PayerParams(BTreeMap<&'static str, Value>);

impl PayerParams {
    /// The parameters of a new payment for `contents`.
    pub(super) fn of(contents: &OrderDetails) -> Self {
        let payer = contents.payer();
        let receipt = payer.receipt_email().map(Value::from);
        let suffix = contents.statement_descriptor_suffix().map(Value::from);
        let all = [
            ("receipt_email", receipt),
            ("shipping", payer.shipping.as_ref().map(shipping)),
            ("statement_descriptor_suffix", suffix),
        ];
        let sent = all
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Self(sent.collect())
    }

    /// `request` with these parameters.
    pub(super) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        with_params(request, &self.0)
    }

    /// `request` with these parameters for the payment intent that it makes later.
    pub(super) fn on_a_session(&self, request: RequestBuilder) -> RequestBuilder {
        let of_intent = (!self.0.is_empty()).then_some(("payment_intent_data", &self.0));
        with_params(request, &of_intent.into_iter().collect())
    }

    /// The same without `shipping`.
    pub(super) fn without_shipping(mut self) -> Self {
        self.0.remove("shipping");
        self
    }

    /// The parameters of a payment for `contents` that was for `earlier` contents before. An empty
    /// value removes what it had.
    pub(super) fn replacing(earlier: &OrderDetails, contents: &OrderDetails) -> Self {
        let mut params = Self::of(contents);
        for name in Self::of(earlier).0.into_keys() {
            params.0.entry(name).or_insert_with(|| json!(""));
        }
        params
    }
}

/// A recipient without the fields that it has not: an empty one would be sent as such.
fn shipping(recipient: &Recipient) -> Value {
    let known = |value: Option<&String>| value.map(|value| json!(value));
    let fields = |all: Vec<(&str, Option<Value>)>| -> Value {
        let known = all.into_iter();
        let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        known.collect::<serde_json::Map<_, _>>().into()
    };
    let address = recipient.address.clone().unwrap_or_default();
    let address = fields(vec![
        ("line1", known(address.line1.as_ref())),
        ("line2", known(address.line2.as_ref())),
        ("city", known(address.city.as_ref())),
        ("state", known(address.state.as_ref())),
        ("postal_code", known(address.postal_code.as_ref())),
        ("country", known(address.country.as_ref())),
    ]);
    fields(vec![
        ("name", known(recipient.name.as_ref())),
        ("phone", known(recipient.phone.as_ref())),
        ("address", Some(address)),
    ])
}

/// `request` with `params` beside its own.
pub(super) fn with_params<V: Serialize>(
    mut request: RequestBuilder,
    params: &BTreeMap<&str, V>,
) -> RequestBuilder {
    if params.is_empty() {
        return request;
    }
    let added = RequestBuilder::new(StripeMethod::Post, "")
        .form(params)
        .body;
    let parts: Vec<String> = [request.body, added].into_iter().flatten().collect();
    request.body = Some(parts.join("&"));
    request
}
