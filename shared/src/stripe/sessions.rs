//! Checkout Sessions, each for one version of an order.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use stripe::StripeRequest as _;
use stripe_checkout::{
    CheckoutSessionUiMode,
    checkout_session::{
        CreateCheckoutSession, CreateCheckoutSessionLineItems,
        CreateCheckoutSessionLineItemsPriceData,
        CreateCheckoutSessionLineItemsPriceDataTaxBehavior, CreateCheckoutSessionPaymentIntentData,
        CreateCheckoutSessionPaymentIntentDataCaptureMethod, ExpireCheckoutSession,
        ListCheckoutSession, ProductData, RetrieveCheckoutSession,
    },
};
use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_types::Currency;
use utoipa::ToSchema;

use super::{
    Redacted, Stripe, StripeError,
    intents::description,
    keys::one_call,
    payer::{PayerParams, with_params},
};
use crate::{
    amount,
    checkout::{CheckoutOptions, DueToday, SessionMode},
    digest,
    event::CheckoutSession,
    order::{CaptureMethod, IntentKeys, LineTax, Order, OrderDetails, Session},
};

/// The shortest time for which a session can be open, in seconds, and two minutes for calls that
/// take long and clocks that differ.
const SHORTEST: i64 = 30 * 60 + 120;
/// The longest time for which a session can be open, in seconds, less a minute for clocks that
/// differ.
const LONGEST: i64 = 24 * 60 * 60 - 120;

/// The longest name of a product that Stripe shows.
const LONGEST_NAME: usize = 250;

/// The fields of a Checkout Session that Farebox uses.
#[derive(Clone, Debug, miniserde::Deserialize)]
pub struct CheckoutPage {
    /// `cs_…`
    pub id: String,
    /// Its URL while it is open, of a hosted one; anyone who has it can pay there.
    pub url: Option<Redacted>,
    /// The secret with which the owner's browser opens it, of one on the site's page.
    pub client_secret: Option<Redacted>,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`.
    pub payment_status: String,
    /// `pi_…`; `None` before the first attempt to pay, and of a subscription.
    pub payment_intent: Option<String>,
    /// `sub_…`, of a complete session of a subscription.
    pub subscription: Option<String>,
    amount_subtotal: Option<i64>,
    currency: Option<String>,
    metadata: Option<HashMap<String, String>>,
}

/// A coupon, a promotion code or a shipping rate, as far as its use depends on it.
#[derive(miniserde::Deserialize)]
struct Usable {
    /// Of a promotion code or a shipping rate.
    active: Option<bool>,
    /// Of a coupon.
    valid: Option<bool>,
    /// Of a coupon of an amount.
    currency: Option<String>,
    currency_options: Option<HashMap<String, CurrencyOption>>,
    /// Of a promotion code.
    promotion: Option<Promotion>,
    /// Of a shipping rate.
    fixed_amount: Option<FixedAmount>,
}

#[derive(miniserde::Deserialize)]
struct Promotion {
    coupon: Option<Box<Usable>>,
}

#[derive(miniserde::Deserialize)]
struct FixedAmount {
    currency: String,
    currency_options: Option<HashMap<String, CurrencyOption>>,
}

/// An amount in a further currency; only that there is one matters.
#[derive(miniserde::Deserialize)]
struct CurrencyOption {}

impl Usable {
    fn is_usable(&self, currency: &str) -> bool {
        let has = |options: &Option<HashMap<String, CurrencyOption>>| {
            options
                .as_ref()
                .is_some_and(|all| all.contains_key(currency))
        };
        let is_of = |own: &str, options| own == currency || has(options);
        let coupon = self.promotion.as_ref().and_then(|one| one.coupon.as_ref());
        self.active.or(self.valid) != Some(false)
            && coupon.is_none_or(|coupon| coupon.is_usable(currency))
            && self
                .currency
                .as_ref()
                .is_none_or(|own| is_of(own, &self.currency_options))
            && self
                .fixed_amount
                .as_ref()
                .is_none_or(|one| is_of(&one.currency, &one.currency_options))
    }
}

/// The fields that Stripe expands of the object at `path`: the amounts in further currencies.
fn currencies_of(path: &str) -> &'static str {
    match path {
        _ if path.starts_with("/promotion_codes/") => "promotion.coupon.currency_options",
        _ if path.starts_with("/shipping_rates/") => "fixed_amount.currency_options",
        _ => "currency_options",
    }
}

/// The fields of a page of Checkout Sessions that Farebox uses.
#[derive(miniserde::Deserialize)]
pub(super) struct Page {
    pub(super) data: Vec<CheckoutSession>,
}

/// Where the payer sees a Checkout Session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UiMode {
    /// On Stripe's page.
    #[default]
    Hosted,
    /// On the site's page, as Stripe's form.
    Embedded,
    /// On the site's page, as the site's form of Stripe's Elements.
    Elements,
}

/// The parameters of a session beside its order.
#[derive(Clone, Debug)]
pub struct SessionParams {
    /// Where the payer sees it.
    pub ui_mode: UiMode,
    /// The URL after paying.
    pub success: String,
    /// The URL after turning back, of hosted Checkout.
    pub cancel: Option<String>,
    /// Its options.
    pub options: CheckoutOptions,
}

impl SessionParams {
    /// `session` with the mode and the URLs.
    fn presented(&self, session: CreateCheckoutSession) -> CreateCheckoutSession {
        let ui_mode = match self.ui_mode {
            UiMode::Hosted => {
                let session = session.success_url(&self.success);
                return match &self.cancel {
                    Some(cancel) => session.cancel_url(cancel),
                    None => session,
                };
            }
            UiMode::Embedded => CheckoutSessionUiMode::EmbeddedPage,
            UiMode::Elements => CheckoutSessionUiMode::Elements,
        };
        session.ui_mode(ui_mode).return_url(&self.success)
    }

    /// The end of a session that is created at `now`, in Unix seconds, where the options or
    /// `order_expires_at` set one. A repeated call in the same minute names the same, as an
    /// idempotency key demands. Stripe takes no end that is nearer than [`SHORTEST`], so the order
    /// may end first; or farther than [`LONGEST`], which is the end without another.
    fn expires_at(&self, now: i64, order_expires_at: Option<i64>) -> Option<i64> {
        let next_minute = now / 60 * 60 + 60;
        let after = self.options.expires_after();
        let after = after.map(|seconds| next_minute.saturating_add(seconds.max(SHORTEST)));
        let order = order_expires_at.filter(|at| *at < next_minute.saturating_add(LONGEST));
        let order = order.map(|at| at.max(next_minute.saturating_add(SHORTEST)));
        after.into_iter().chain(order).min()
    }

    /// The part of the first period of a subscription with `contents` that a session takes.
    fn due_today(&self, contents: &OrderDetails) -> DueToday {
        match contents.mode() {
            SessionMode::Payment => DueToday::All,
            SessionMode::Subscription => self.options.due_today(),
        }
    }

    /// A hash that identifies the parameters.
    #[must_use]
    pub fn digest(&self) -> String {
        let mode = match self.ui_mode {
            UiMode::Hosted => "returns",
            UiMode::Embedded => "embedded",
            UiMode::Elements => "elements",
        };
        let options = (!self.options.is_empty()).then(|| self.options.digest());
        let mut parts = vec![mode, &self.success];
        parts.extend(self.cancel.as_deref());
        parts.extend(options.as_deref());
        digest::hex(&parts)[..32].to_owned()
    }
}

impl CheckoutPage {
    /// The order's record of this session, which was created for the present contents of `order`.
    #[must_use]
    pub fn stored(&self, order: &Order, params: &SessionParams) -> Session {
        let contents = &order.revision().contents;
        Session {
            id: self.id.clone(),
            contents: order.revision().digest.clone(),
            returns: params.digest(),
            allows: params.options.added_parts(contents.mode()),
            due: params.due_today(contents),
        }
    }

    /// This session, if it matches the present contents of `order`, of whose first period `due` is
    /// due.
    ///
    /// # Errors
    ///
    /// [`StripeError::Differs`] names the difference.
    pub fn for_order(self, order: &Order, due: DueToday) -> Result<Self, StripeError> {
        let contents = &order.revision().contents;
        let amount = contents.amount();
        let subtotal = self.amount_subtotal;
        let is_paid_by = |subtotal| contents.is_paid_by(subtotal, due);
        let written = self.metadata.as_ref();
        let written = |key| written.and_then(|all| all.get(key)).map(String::as_str);
        let what = match () {
            () if !subtotal.is_some_and(is_paid_by) => "amount",
            () if self.currency.as_deref() != Some(amount.currency().as_str()) => "currency",
            () if written(IntentKeys::ORDER) != Some(order.id().as_str()) => "order",
            () if written(IntentKeys::CONTENTS) != Some(&order.revision().digest) => "contents",
            () => return Ok(self),
        };
        Err(StripeError::Differs(what))
    }
}

impl Stripe {
    /// Creates the Checkout Session of `order` for its present contents, for the Stripe `customer`
    /// if there is one.
    ///
    /// Calls for the same order, its same version, the same `params` and the same customer create
    /// the same session, until it is closed.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; Stripe may have created a session all the same, and the next call finds it.
    pub async fn create_page(
        &self,
        order: &Order,
        params: &SessionParams,
        customer: Option<&str>,
        now: i64,
    ) -> Result<CheckoutPage, StripeError> {
        let revision = order.revision();
        let number = order.attempt_number().to_string();
        let digest = params.digest();
        let mut key = vec![
            "checkout",
            order.id().as_str(),
            order.owner().as_str(),
            &revision.digest,
            &number,
            &digest,
        ];
        let expires_at = params.expires_at(now, order.expires_at());
        let expiry = expires_at.map(|at| at.to_string());
        key.extend(customer);
        key.extend(expiry.as_deref());
        let mut written = self.metadata(order, revision)?;
        written.insert(IntentKeys::PAGE.to_owned(), number.clone());
        let mut payment = CreateCheckoutSessionPaymentIntentData::new();
        payment.description = Some(description(order, revision));
        payment.metadata = Some(written.clone());
        if revision.contents.capture_method() == CaptureMethod::Manual {
            payment.capture_method =
                Some(CreateCheckoutSessionPaymentIntentDataCaptureMethod::Manual);
        }
        let usage = revision.contents.setup_future_usage();
        payment.setup_future_usage = usage.and_then(|usage| usage.as_str().parse().ok());
        let mode = revision.contents.mode();
        let mut page = CreateCheckoutSession::new()
            .mode(match mode {
                SessionMode::Payment => stripe_checkout::CheckoutSessionMode::Payment,
                SessionMode::Subscription => stripe_checkout::CheckoutSessionMode::Subscription,
            })
            .currency(revision.contents.amount().currency())
            // Unlike metadata, it cannot be edited.
            .client_reference_id(format!("{}{}", IntentKeys::REFERENCE, order.id()))
            .line_items(lines(order, &revision.contents))
            .metadata(written.clone());
        if mode == SessionMode::Payment {
            page = page.payment_intent_data(payment);
        }
        if let Some(customer) = customer {
            page = page.customer(customer);
        } else if let Some(email) = &revision.contents.payer().email {
            page = page.customer_email(email);
        }
        let page = params.presented(page).build();
        let has_customer = customer.is_some();
        let page = with_options(page, &params.options, (has_customer, mode), expires_at);
        let page = match mode {
            SessionMode::Payment => {
                payer_params(&revision.contents, &params.options).on_a_session(page)
            }
            SessionMode::Subscription => {
                let data = params
                    .options
                    .subscription_data(written.into_iter().collect());
                with_params(page, &BTreeMap::from([("subscription_data", data)]))
            }
        };
        let made: CheckoutPage = self.make(page, &key).await?;
        let has_prices = revision
            .contents
            .lines()
            .iter()
            .any(|one| one.price.is_some());
        match made.for_order(order, params.due_today(&revision.contents)) {
            Err(StripeError::Differs("amount")) if has_prices => Err(StripeError::Repriced),
            made => made,
        }
    }

    /// The Checkout Session with `id`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn retrieve_page(&self, id: &str) -> Result<CheckoutPage, StripeError> {
        let request = RetrieveCheckoutSession::new(id).build();
        request.customize().send(self).await
    }

    /// The Checkout Session that made `intent`; `None` where none did.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn session_of_intent(
        &self,
        intent: &str,
    ) -> Result<Option<CheckoutSession>, StripeError> {
        let list = ListCheckoutSession::new().payment_intent(intent).limit(1);
        let page: Page = list.build().customize().send(self).await?;
        Ok(page.data.into_iter().next())
    }

    /// True when the coupon, the promotion code or the shipping rate at `path` can be used in
    /// `currency`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn is_usable(
        &self,
        path: String,
        currency: amount::Currency,
    ) -> Result<bool, StripeError> {
        let query = Some(format!("expand[]={}", currencies_of(&path)));
        let request = RequestBuilder {
            query,
            ..RequestBuilder::new(StripeMethod::Get, path)
        };
        match request.customize::<Usable>().send(self).await {
            Err(failure) if failure.is_missing() => Ok(false),
            // With a key that may not read it, Stripe decides when the session is created.
            Err(failure) if failure.is_auth() => Ok(true),
            found => found.map(|found| found.is_usable(currency.as_str())),
        }
    }

    /// Expires the Checkout Session with `id`, for good.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::Refused`], about the request, when it is no longer open.
    pub async fn expire_page(&self, id: &str) -> Result<CheckoutPage, StripeError> {
        let expire = ExpireCheckoutSession::new(id);
        self.make(expire.build(), &["expire", id, &one_call()])
            .await
    }
}

/// `page` of this mode with these options, for a payer with or without a Stripe customer.
fn with_options(
    mut page: RequestBuilder,
    options: &CheckoutOptions,
    (has_customer, mode): (bool, SessionMode),
    expires_at: Option<i64>,
) -> RequestBuilder {
    // Payers pay in the order's currency, unless the options say otherwise.
    let mut parts = vec![page.body.unwrap_or_default()];
    if !options.has("adaptive_pricing") {
        parts.push("adaptive_pricing[enabled]=false".to_owned());
    }
    parts.extend(expires_at.map(|at| format!("expires_at={at}")));
    page.body = Some(parts.join("&"));
    with_params(page, &options.sent(has_customer, mode))
}

/// What tells Stripe who buys. It takes no address for the goods where the session asks the payer
/// for one.
fn payer_params(contents: &OrderDetails, options: &CheckoutOptions) -> PayerParams {
    let params = PayerParams::of(contents);
    match options.has("shipping_address_collection") {
        true => params.without_shipping(),
        false => params,
    }
}

/// The line items of the session: the order's lines, or a signed amount as one line.
fn lines(order: &Order, contents: &OrderDetails) -> Vec<CreateCheckoutSessionLineItems> {
    let currency: Currency = contents.amount().currency().into();
    if contents.lines().is_empty() {
        let name = description(order, order.revision());
        let mut line = CreateCheckoutSessionLineItems::new();
        let amount = contents.amount().minor_units();
        line.price_data = Some(price_data(currency, &name, amount, contents.tax()));
        line.quantity = Some(1);
        return vec![line];
    }
    let lines = contents.lines().iter().map(|one| {
        let mut line = CreateCheckoutSessionLineItems::new();
        match (&one.price, &one.name) {
            (None, Some(name)) => {
                let price = price_data(currency.clone(), name, one.unit_amount, &one.tax);
                line.price_data = Some(price);
            }
            (price, _) => line.price = price.clone(),
        }
        let is_metered = one.recurring.as_ref().is_some_and(|one| one.is_metered);
        line.quantity = (!is_metered).then_some(u64::from(one.quantity));
        line
    });
    lines.collect()
}

/// A price that only this session has.
fn price_data(
    currency: Currency,
    name: &str,
    unit_amount: i64,
    tax: &LineTax,
) -> CreateCheckoutSessionLineItemsPriceData {
    let mut price = CreateCheckoutSessionLineItemsPriceData::new(currency);
    let name: String = name.chars().take(LONGEST_NAME).collect();
    let mut product = ProductData::new(name);
    product.tax_code = tax.code.clone();
    price.product_data = Some(product);
    price.unit_amount = Some(unit_amount);
    price.tax_behavior = tax_behavior(tax);
    price
}

fn tax_behavior(tax: &LineTax) -> Option<CreateCheckoutSessionLineItemsPriceDataTaxBehavior> {
    let named = tax.behavior.as_deref()?;
    named.parse().ok()
}
