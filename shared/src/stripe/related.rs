//! Fetches the object that a thin event only names.

use stripe::StripeRequest as _;
use stripe_checkout::checkout_session::RetrieveCheckoutSession;
use stripe_core::{
    charge::RetrieveCharge, dispute::RetrieveDispute, payment_intent::RetrievePaymentIntent,
    refund::RetrieveRefund,
};

use super::{Stripe, StripeError};
use crate::event::{Family, Related, Subject};

impl Stripe {
    /// The object as it is now.
    ///
    /// An order's facts from it only grow, so that later changes of the object do no harm.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn related(&self, related: &Related) -> Result<Subject, StripeError> {
        let id = related.id.as_str();
        Ok(match related.family {
            Family::Intent => {
                let request = RetrievePaymentIntent::new(id).build();
                Subject::Intent(request.customize().send(self).await?)
            }
            Family::Session => {
                let request = RetrieveCheckoutSession::new(id).build();
                Subject::Session(Box::new(request.customize().send(self).await?))
            }
            Family::Charge => {
                let request = RetrieveCharge::new(id).build();
                Subject::Charge(request.customize().send(self).await?)
            }
            Family::Refund => {
                let request = RetrieveRefund::new(id).build();
                Subject::Refund(request.customize().send(self).await?)
            }
            Family::Dispute => {
                let request = RetrieveDispute::new(id).build();
                Subject::Dispute(request.customize().send(self).await?)
            }
            Family::EarlyFraudWarning => {
                let path = format!("/radar/early_fraud_warnings/{id}");
                Subject::EarlyFraudWarning(self.get(path, String::new()).await?)
            }
            Family::Review => {
                Subject::Review(self.get(format!("/reviews/{id}"), String::new()).await?)
            }
        })
    }
}
