//! Idempotency keys: one for each operation of a deployment, and the next where Stripe stored a
//! failure.
//!
//! Stripe saves a failure under the key of a request that it began to carry out, and replays it for
//! a day. The request's object may exist or not. A second intent, Checkout Session or customer does
//! no harm, since the database stores only one of them, and no caller receives another. So
//! [`Stripe::make`] goes on with the next key by itself. All callers use the same keys in the same
//! order, and stop at the same one. A second refund would move money: there the database counts the
//! keys, after a look at the existing refunds.

use hyper::body::Bytes;
use miniserde::{Deserialize, json};
use stripe::{IdempotencyKey, RequestStrategy};
use stripe_client_core::RequestBuilder;

use super::{Stripe, StripeError};
use crate::{deployment::Deployment, digest};

/// The most keys of one operation that one call tries.
const MAX_KEYS: u32 = 4;

impl Stripe {
    /// The id of the deployment of the objects that it creates.
    pub(super) fn deployment(&self) -> Result<&str, StripeError> {
        let deployment = self.deployment.as_ref();
        deployment
            .map(Deployment::id)
            .ok_or(StripeError::NoDeployment)
    }

    /// Sends `request` with the first key of `operation` under which Stripe stores no failure.
    pub(super) async fn make<T: Deserialize>(
        &self,
        request: RequestBuilder,
        operation: &[&str],
    ) -> Result<T, StripeError> {
        decoded(&self.send(&request, operation).await?)
    }

    /// The answer to `request`, sent as [`Stripe::make`] does.
    pub(super) async fn send(
        &self,
        request: &RequestBuilder,
        operation: &[&str],
    ) -> Result<Bytes, StripeError> {
        let mut parts = vec![self.deployment()?];
        parts.extend(operation);
        let mut number = 0;
        loop {
            let answer = self.call(request, Some(&key_of(&parts, number))).await;
            number += 1;
            match answer {
                Err(StripeError::Replayed { request_id, .. }) if number < MAX_KEYS => {
                    tracing::warn!(
                        stripe.path = request.path,
                        stripe.request_id = request_id,
                        "Stripe stored a failure under an idempotency key: Farebox tries the next \
                         key"
                    );
                }
                answer => return answer,
            }
        }
    }
}

fn decoded<T: Deserialize>(answer: &[u8]) -> Result<T, StripeError> {
    let text = std::str::from_utf8(answer);
    let text = text.map_err(|error| StripeError::Undecodable(error.to_string()))?;
    json::from_str(text).map_err(|error| StripeError::Undecodable(error.to_string()))
}

/// The key of an operation with this number: the same for the same parts, which it does not reveal.
pub(super) fn key_of(parts: &[&str], number: u32) -> IdempotencyKey {
    let number = (number > 0).then(|| number.to_string());
    let mut parts = parts.to_vec();
    parts.extend(number.iter().flat_map(|number| ["again", number]));
    let key = format!("farebox-{}", digest::hex(&parts));
    IdempotencyKey::new(key).expect("72 characters are not too many")
}

/// The request strategy with this key.
pub(super) fn under(key: IdempotencyKey) -> RequestStrategy {
    RequestStrategy::Idempotent(key)
}

/// A key for one call alone, where a stored answer to an earlier call would mislead.
pub(super) fn one_call() -> String {
    format!("{:032x}", fastrand::u128(..))
}
