//! The parameters of a confirmation, and the callers and states that may have them.

use serde_json::Value;

use super::KIND;
use crate::{
    caller::Caller, error::Error, objects::payment_method::Chosen, params::Params, state::State,
    store::text,
};

/// The parameters of a confirmation.
#[derive(Debug)]
pub(super) struct Confirmation {
    /// The payment method, unless the intent has one.
    pub(super) method: Option<Chosen>,
    pub(super) return_url: Option<String>,
    /// `off_session`, unless it is absent.
    pub(super) off_session: Option<bool>,
    /// `error_on_requires_action`: a challenge is an error.
    pub(super) error_on_requires_action: bool,
    /// True for an invoice's: a challenge waits for the payer, also off session.
    pub(super) challenges: bool,
}

impl Confirmation {
    /// Reads the payment method and the return URL of a challenge.
    pub(super) fn read(state: &State, params: &mut Params) -> Result<Self, Error> {
        let method = Chosen::read(state, params)?;
        let return_url = params.text("return_url")?;
        let words = ["true", "false", "one_off", "recurring"];
        let off_session = params.choice("off_session", &words)?;
        let error_on_requires_action = params.flag("error_on_requires_action")?;
        params.accept(&["use_stripe_sdk"]);
        Ok(Self {
            method,
            return_url,
            off_session: off_session.map(|when| when != "false"),
            error_on_requires_action: error_on_requires_action.unwrap_or(false),
            challenges: false,
        })
    }

    /// A confirmation on the sandbox's hosted page.
    pub(super) fn of(method: Chosen, return_url: String) -> Self {
        Self {
            method: Some(method),
            return_url: Some(return_url),
            off_session: None,
            error_on_requires_action: false,
            challenges: false,
        }
    }

    /// The attempt to collect an invoice, without the payer.
    pub(super) fn of_invoice(method: Chosen) -> Self {
        Self {
            method: Some(method),
            return_url: None,
            off_session: Some(true),
            error_on_requires_action: false,
            challenges: true,
        }
    }

    /// Rejects parameters that only a server's confirmation may have.
    pub(super) fn check_confirmed(&self, confirmed: bool, caller: Caller) -> Result<(), Error> {
        let name = match (self.off_session, self.error_on_requires_action) {
            (None, false) => return Ok(()),
            (Some(_), _) => "off_session",
            (None, true) => "error_on_requires_action",
        };
        let message = match caller {
            Caller::Publishable => format!("{name} requires a secret key."),
            _ if confirmed => return Ok(()),
            _ => format!("{name} requires confirm to be true."),
        };
        Err(Error::invalid(&message).param(name))
    }

    /// Rejects another customer's payment method.
    pub(super) fn check_customer(&self, intent: &Value) -> Result<(), Error> {
        let fits = self
            .method
            .as_ref()
            .map(|method| method.check_customer(intent));
        fits.unwrap_or(Ok(()))
    }

    /// Rejects a server's confirmation that may redirect the payer and has no return URL.
    pub(super) fn check_return_url(&self, caller: Caller, intent: &Value) -> Result<(), Error> {
        check_return_url(self.return_url.as_deref(), caller, intent)
    }

    /// Rejects a confirmation without a payment method.
    pub(super) fn check(&self, intent: &Value) -> Result<(), Error> {
        if self.method.is_some() || intent["payment_method"].is_string() {
            return Ok(());
        }
        let message = "This payment_intent cannot be confirmed without a payment method.";
        Err(
            Error::unexpected("payment_intent_unexpected_state", message)
                .with(KIND, intent.clone()),
        )
    }
}

/// Rejects a server's confirmation that may redirect the payer and has no return URL.
///
/// A browser handles the redirect itself.
pub(crate) fn check_return_url(
    return_url: Option<&str>,
    caller: Caller,
    intent: &Value,
) -> Result<(), Error> {
    let automatic = &intent["automatic_payment_methods"];
    let redirects = automatic["enabled"] == true && automatic["allow_redirects"] == "always";
    if return_url.is_some() || !redirects || caller != Caller::Secret {
        return Ok(());
    }
    let message = format!(
        "The payer may be sent to another page, so a return_url has to be there; \
         or the {} has automatic_payment_methods[allow_redirects]=never.",
        text(intent, "object")
    );
    Err(Error::invalid(&message).executed())
}
