//! Reads Stripe's answers into types of Farebox, for requests that are written by hand.

use serde::de::DeserializeOwned;
use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Stripe, StripeError};

impl Stripe {
    /// The object or list at `path`.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: String,
        query: String,
    ) -> Result<T, StripeError> {
        let request = RequestBuilder {
            query: (!query.is_empty()).then_some(query),
            ..RequestBuilder::new(StripeMethod::Get, path)
        };
        let answer = self.call(&request, None).await?;
        read(&answer)
    }
}

/// Reads an answer of Stripe.
pub(super) fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, StripeError> {
    serde_json::from_slice(answer).map_err(|error| StripeError::Undecodable(error.to_string()))
}
