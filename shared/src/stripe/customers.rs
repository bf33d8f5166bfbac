//! Customers: one for each reservation in the database; and the cards that they keep.

use std::collections::HashMap;

use stripe::StripeRequest as _;
use stripe_core::customer::{
    CreateCustomer, ListPaymentMethodsCustomer, ListPaymentMethodsCustomerType, RetrieveCustomer,
    SearchCustomer,
};

use super::{Stripe, StripeError};
use crate::{deployment::Deployment, ids::CallerId, order::IntentKeys};

/// The most cards that are listed: Stripe's largest page.
const MOST_CARDS: i64 = 100;

/// The most customers that a search is looked through for.
const MOST_FOUND: i64 = 10;

/// The keys under which we write to a customer's metadata.
#[derive(Debug)]
pub struct CustomerKeys;

impl CustomerKeys {
    /// The caller's alias.
    pub const OWNER: &'static str = IntentKeys::OWNER;
    /// The reservation in the database.
    pub const RESERVATION: &'static str = "farebox_reservation";
}

/// The fields of a customer that we use. Its `Debug` shows no person's data.
#[derive(Clone, miniserde::Deserialize)]
pub struct Customer {
    /// `cus_…`
    pub id: String,
    /// What the customer, or the shop in its dashboard, wrote.
    pub name: Option<String>,
    /// As `name`.
    pub email: Option<String>,
    /// Whether nothing but the id is left.
    pub deleted: Option<bool>,
    /// What we wrote when the customer was made.
    metadata: Option<HashMap<String, String>>,
}

impl Customer {
    /// One that names no deployment was made by an earlier version.
    fn is_of(&self, reservation: &str, deployment: &str) -> bool {
        let written = |key| {
            let metadata = self.metadata.as_ref();
            metadata.and_then(|all| all.get(key)).map(String::as_str)
        };
        written(CustomerKeys::RESERVATION) == Some(reservation)
            && written(Deployment::KEY).is_none_or(|named| named == deployment)
            && self.deleted != Some(true)
    }
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut customer = f.debug_struct("Customer");
        customer.field("id", &self.id).finish_non_exhaustive()
    }
}

/// What may be shown of a card that a customer keeps.
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

#[derive(miniserde::Deserialize)]
struct Method {
    card: Option<Card>,
}

#[derive(miniserde::Deserialize)]
struct Methods {
    data: Vec<Method>,
}

#[derive(miniserde::Deserialize)]
struct Found {
    data: Vec<Customer>,
}

impl Stripe {
    /// Makes the customer of a reservation, with nothing but the caller's alias. Whoever does so
    /// for the same reservation makes the same customer, for as long as Stripe knows the key: a day
    /// at least.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; a customer may have been made all the same, and the next call finds it.
    pub async fn create_customer(
        &self,
        owner: &CallerId,
        reservation: &str,
    ) -> Result<Customer, StripeError> {
        let key = ["customer", reservation];
        let metadata = [
            (Deployment::KEY, self.deployment()?.to_owned()),
            (CustomerKeys::OWNER, owner.alias()),
            (CustomerKeys::RESERVATION, reservation.to_owned()),
        ];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value));
        let customer = CreateCustomer::new().metadata(HashMap::from(metadata));
        self.make(customer.build(), &key).await
    }

    /// The customer that was made for a reservation, as far as Stripe's search knows: it may be an
    /// hour behind, and there is none in some countries, where nothing is found.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn find_customer(&self, reservation: &str) -> Result<Option<Customer>, StripeError> {
        let deployment = self.deployment()?;
        let key = CustomerKeys::RESERVATION;
        // A reservation is hexadecimal: there is nothing in it to escape.
        let query = format!("metadata['{key}']:'{reservation}'");
        let request = SearchCustomer::new(query).limit(MOST_FOUND).build();
        match request.customize::<Found>().send(self).await {
            // A customer is bound to its caller for good: what a search says is not enough.
            Ok(found) => Ok(found
                .data
                .into_iter()
                .find(|one| one.is_of(reservation, deployment))),
            Err(StripeError::Refused(refusal)) if refusal.is_about_the_request() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The customer with `id`; `None` when it was deleted.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn retrieve_customer(&self, id: &str) -> Result<Option<Customer>, StripeError> {
        let request = RetrieveCustomer::new(id).build();
        match request.customize::<Customer>().send(self).await {
            Ok(customer) => Ok((customer.deleted != Some(true)).then_some(customer)),
            Err(failure) if failure.is_missing() => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The cards that the customer with `id` keeps, the newest first; none when it was deleted.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn cards_of(&self, id: &str) -> Result<Vec<Card>, StripeError> {
        let request = ListPaymentMethodsCustomer::new(id)
            .type_(ListPaymentMethodsCustomerType::Card)
            .limit(MOST_CARDS)
            .build();
        match request.customize::<Methods>().send(self).await {
            Ok(methods) => Ok(methods
                .data
                .into_iter()
                .filter_map(|one| one.card)
                .collect()),
            Err(failure) if failure.is_missing() => Ok(Vec::new()),
            Err(failure) => Err(failure),
        }
    }
}
