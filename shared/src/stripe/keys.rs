//! Idempotency keys: one for each operation of a deployment, and the next where Stripe keeps a
//! failure.
//!
//! Stripe saves a failure under the key of a request that it began to carry out, and replays it for
//! a day. What the request was to make may be there or not. A second intent, page or customer does
//! no harm, since the database notes one of them, and nobody is told of another: so
//! [`Stripe::make`] goes on under the next key by itself. All who come walk the same keys in the
//! same order, and stop at the same one. A second refund would be money: there the database counts
//! the keys, after a look at what there is.

use miniserde::{Deserialize, json};
use stripe::{IdempotencyKey, RequestStrategy};
use stripe_client_core::RequestBuilder;

use super::{Stripe, StripeError};
use crate::{deployment::Deployment, digest};

/// So many keys of one operation are tried in one call.
const MOST_KEYS: u32 = 4;

impl Stripe {
    /// The id of the deployment whose objects it makes.
    pub(super) fn deployment(&self) -> Result<&str, StripeError> {
        let deployment = self.deployment.as_ref();
        deployment
            .map(Deployment::id)
            .ok_or(StripeError::NoDeployment)
    }

    /// Sends `request` under the first key of `operation` under which Stripe keeps no failure.
    pub(super) async fn make<T: Deserialize>(
        &self,
        request: RequestBuilder,
        operation: &[&str],
    ) -> Result<T, StripeError> {
        let mut parts = vec![self.deployment()?];
        parts.extend(operation);
        let mut number = 0;
        loop {
            let answer = self.call(&request, Some(&key_of(&parts, number))).await;
            number += 1;
            match answer {
                Err(StripeError::Kept { request_id, .. }) if number < MOST_KEYS => {
                    tracing::warn!(
                        stripe.path = request.path,
                        stripe.request_id = request_id,
                        "Stripe keeps a failure under a key: the next is tried"
                    );
                }
                answer => return decoded(&answer?),
            }
        }
    }
}

fn decoded<T: Deserialize>(answer: &[u8]) -> Result<T, StripeError> {
    let text = std::str::from_utf8(answer);
    let text = text.map_err(|error| StripeError::Undecodable(error.to_string()))?;
    json::from_str(text).map_err(|error| StripeError::Undecodable(error.to_string()))
}

/// The key with this number of an operation: the same for the same parts, and telling nothing of
/// them.
pub(super) fn key_of(parts: &[&str], number: u32) -> IdempotencyKey {
    let number = (number > 0).then(|| number.to_string());
    let mut parts = parts.to_vec();
    parts.extend(number.iter().flat_map(|number| ["again", number]));
    let key = format!("farebox-{}", digest::hex(&parts));
    IdempotencyKey::new(key).expect("72 characters are not too many")
}

/// Under this key.
pub(super) fn under(key: IdempotencyKey) -> RequestStrategy {
    RequestStrategy::Idempotent(key)
}

/// Tells one call from all others, where an answer that Stripe kept from an earlier one would
/// mislead.
pub(super) fn one_call() -> String {
    format!("{:032x}", fastrand::u128(..))
}
