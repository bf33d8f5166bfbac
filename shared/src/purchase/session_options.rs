//! Checks that Stripe still takes the objects that the options of a Checkout Session name.
//!
//! An open payment must not be closed in favour of a session that cannot be created.

use super::CheckoutService;
use crate::{Error, amount::Currency, checkout::CheckoutOptions};

impl CheckoutService {
    /// Checks that each coupon, promotion code and shipping rate of `options` can be used in
    /// `currency`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names the option of one that Stripe does not know, that is archived or
    /// used up, or that has no amount in `currency`; [`Error::Unavailable`] when Stripe did not
    /// answer.
    pub async fn check_options(
        &self,
        options: &CheckoutOptions,
        currency: Currency,
    ) -> Result<(), Error> {
        for (place, path) in options.named_objects() {
            if !self.stripe.is_usable(path, currency).await? {
                let what =
                    format!("`checkout.{place}` cannot be used at Stripe, or not in {currency}");
                return Err(Error::invalid(what));
            }
        }
        Ok(())
    }
}
