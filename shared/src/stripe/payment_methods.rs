//! The saved payment methods of a customer.

use stripe::StripeRequest as _;
use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_core::customer::ListPaymentMethodsCustomer;

use super::{Stripe, StripeError};

/// The most payment methods in a list: Stripe's largest page.
const MAX_LISTED: i64 = 100;

/// The displayable part of a saved card.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct Card {
    /// Such as `visa`.
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1 to 12.
    pub exp_month: i64,
    /// Four digits.
    pub exp_year: i64,
}

/// The fields of a saved payment method that Farebox uses.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct PaymentMethod {
    /// `pm_…`
    pub id: String,
    /// Such as `card` or `sepa_debit`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Set for a card.
    pub card: Option<Card>,
}

#[derive(miniserde::Deserialize)]
struct Page {
    data: Vec<PaymentMethod>,
}

impl Stripe {
    /// The saved payment methods of the customer with `id`, of every type, the newest first; none
    /// when it was deleted.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn payment_methods_of(&self, id: &str) -> Result<Vec<PaymentMethod>, StripeError> {
        let list = ListPaymentMethodsCustomer::new(id).limit(MAX_LISTED);
        let page: Result<Page, _> = list.build().customize().send(self).await;
        match page {
            Ok(page) => Ok(page.data),
            Err(failure) if failure.is_missing() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }

    /// The id of the payment method to charge of the customer with `id`: `wanted`, or else the
    /// customer's default, or else the newest; `None` where it is not saved.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn method_to_charge(
        &self,
        id: &str,
        wanted: Option<&str>,
    ) -> Result<Option<String>, StripeError> {
        if let Some(wanted) = wanted {
            let path = format!("/customers/{id}/payment_methods/{wanted}");
            let request = RequestBuilder::new(StripeMethod::Get, path);
            return match request.customize::<PaymentMethod>().send(self).await {
                Ok(method) => Ok(Some(method.id)),
                Err(failure) if failure.is_missing() => Ok(None),
                Err(failure) => Err(failure),
            };
        }
        let (customer, methods) =
            tokio::try_join!(self.retrieve_customer(id), self.payment_methods_of(id))?;
        let default = customer.as_ref().and_then(|one| one.default_method());
        let default = methods.iter().find(|one| Some(one.id.as_str()) == default);
        Ok(default.or(methods.first()).map(|method| method.id.clone()))
    }
}
