//! Customers: one for each reservation in the database.

use std::collections::{BTreeMap, HashMap};

use stripe::StripeRequest as _;
use stripe_client_core::{RequestBuilder, StripeMethod};
use stripe_core::customer::{CreateCustomer, RetrieveCustomer, SearchCustomer, UpdateCustomer};

use super::{Stripe, StripeError, keys::one_call};
use crate::{deployment::Deployment, ids::CallerId, order::IntentKeys};

/// The most search results that are read.
const MAX_FOUND: i64 = 10;

/// Farebox's keys in a customer's metadata.
#[derive(Debug)]
pub struct CustomerKeys;

impl CustomerKeys {
    /// The caller's alias.
    pub const OWNER: &'static str = IntentKeys::OWNER;
    /// The reservation in the database.
    pub const RESERVATION: &'static str = "farebox_reservation";
}

/// The fields of a customer that Farebox uses. Its `Debug` shows no personal data.
#[derive(Clone, miniserde::Deserialize)]
pub struct Customer {
    /// `cus_…`
    pub id: String,
    /// The name, from the customer or from the shop's dashboard.
    pub name: Option<String>,
    /// As `name`.
    pub email: Option<String>,
    /// True when only the id is left.
    pub deleted: Option<bool>,
    /// The metadata from its creation.
    metadata: Option<HashMap<String, String>>,
    invoice_settings: Option<InvoiceSettings>,
}

#[derive(Clone, miniserde::Deserialize)]
struct InvoiceSettings {
    default_payment_method: Option<String>,
}

impl Customer {
    /// The id of the payment method that the customer or the shop made the default.
    #[must_use]
    pub fn default_method(&self) -> Option<&str> {
        let settings = self.invoice_settings.as_ref()?;
        settings.default_payment_method.as_deref()
    }

    /// The value of a key in its metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        let metadata = self.metadata.as_ref();
        metadata.and_then(|all| all.get(key)).map(String::as_str)
    }

    /// A customer that names no deployment is from an earlier version.
    fn is_of(&self, reservation: &str, deployment: &str) -> bool {
        self.metadata(CustomerKeys::RESERVATION) == Some(reservation)
            && self
                .metadata(Deployment::KEY)
                .is_none_or(|named| named == deployment)
            && self.deleted != Some(true)
    }
}

impl std::fmt::Debug for Customer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut customer = f.debug_struct("Customer");
        customer.field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(miniserde::Deserialize)]
struct Found {
    data: Vec<Customer>,
}

impl Stripe {
    /// Creates the customer of a reservation, with nothing but the caller's alias.
    ///
    /// Calls for the same reservation create the same customer, while Stripe keeps the key: a day
    /// at least.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; Stripe may have created a customer all the same, and the next call finds
    /// it.
    pub async fn create_customer(
        &self,
        owner: &CallerId,
        reservation: &str,
    ) -> Result<Customer, StripeError> {
        let key = ["customer", reservation];
        let metadata = self.customer_metadata(owner, reservation)?;
        let customer = CreateCustomer::new().metadata(metadata);
        self.make(customer.build(), &key).await
    }

    /// Gives the customer with `id`, which Farebox did not create, the metadata of those that it
    /// creates.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not do so.
    pub async fn name_customer(
        &self,
        id: &str,
        owner: &CallerId,
        reservation: &str,
    ) -> Result<Customer, StripeError> {
        let metadata = self.customer_metadata(owner, reservation)?;
        let update = UpdateCustomer::new(id).metadata(metadata);
        let call = one_call();
        self.make(update.build(), &["name customer", id, &call])
            .await
    }

    fn customer_metadata(
        &self,
        owner: &CallerId,
        reservation: &str,
    ) -> Result<HashMap<String, String>, StripeError> {
        let metadata = [
            (Deployment::KEY, self.deployment()?.to_owned()),
            (CustomerKeys::OWNER, owner.alias()),
            (CustomerKeys::RESERVATION, reservation.to_owned()),
        ];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value));
        Ok(HashMap::from(metadata))
    }

    /// Sets fields of the customer with `id`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not do so.
    pub async fn update_customer(
        &self,
        id: &str,
        fields: &BTreeMap<&str, &str>,
    ) -> Result<Customer, StripeError> {
        let update = RequestBuilder::new(StripeMethod::Post, format!("/customers/{id}"));
        let call = one_call();
        self.make(update.form(fields), &["update customer", id, &call])
            .await
    }

    /// The customer of a reservation, by Stripe's search.
    ///
    /// The search may be an hour behind. In some countries it does not exist, and finds nothing.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn find_customer(&self, reservation: &str) -> Result<Option<Customer>, StripeError> {
        let deployment = self.deployment()?;
        let key = CustomerKeys::RESERVATION;
        // A reservation is hexadecimal: nothing in it needs escaping.
        let query = format!("metadata['{key}']:'{reservation}'");
        let request = SearchCustomer::new(query).limit(MAX_FOUND).build();
        match request.customize::<Found>().send(self).await {
            // A customer is bound to its caller for good, so a search result alone is not enough.
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
}
