//! Bank accounts to debit, as a browser sends them.

use serde_json::{Value, json};

use super::{Chosen, shape};
use crate::{
    behaviour::Behaviour,
    behaviour::Debit,
    error::Error,
    ids,
    params::Params,
    test_accounts::{self, ROUTING_NUMBER, TestAccount},
};

/// A debit in the United States.
pub(crate) const ACH: &str = "us_bank_account";
/// The bank debits.
pub(crate) const KINDS: &[&str] = &[ACH, "sepa_debit"];

/// The bank debit of a currency.
pub(crate) fn of_currency(currency: &str) -> Option<&'static str> {
    match currency {
        "usd" => Some("us_bank_account"),
        "eur" => Some("sepa_debit"),
        _ => None,
    }
}

/// The payment method of a named test account.
pub(super) fn named(account: &TestAccount) -> Chosen {
    chosen("us_bank_account", in_the_us(account.number), account.debit)
}

/// Reads `us_bank_account[…]` or `sepa_debit[…]`.
pub(super) fn read(kind: &str, account: Params) -> Result<Chosen, Error> {
    match kind {
        "sepa_debit" => sepa(account),
        _ => american(account),
    }
}

fn american(mut account: Params) -> Result<Chosen, Error> {
    let routing = account.required("routing_number")?;
    let number = account.required("account_number")?;
    let holder = account.choice("account_holder_type", &["company", "individual"])?;
    let kind = account.choice("account_type", &["checking", "savings"])?;
    let (routing_name, number_name) = (
        account.name("routing_number"),
        account.name("account_number"),
    );
    account.finish()?;
    if routing != ROUTING_NUMBER {
        let message = format!("The test banks have the routing number {ROUTING_NUMBER}.");
        return Err(refusal("routing_number_invalid", &message, &routing_name));
    }
    let debit = test_accounts::from(&number).filter(|_| !test_accounts::is_iban(&number));
    let Some(debit) = debit else {
        let message = "This is not a test account number.";
        return Err(refusal("account_number_invalid", message, &number_name));
    };
    let mut details = in_the_us(&number);
    if let Some(holder) = holder {
        details["account_holder_type"] = holder.into();
    }
    if let Some(kind) = kind {
        details["account_type"] = kind.into();
    }
    Ok(chosen("us_bank_account", details, debit))
}

fn sepa(mut account: Params) -> Result<Chosen, Error> {
    let iban = account.required("iban")?.replace(' ', "").to_uppercase();
    let name = account.name("iban");
    account.finish()?;
    let message = match test_accounts::from(&iban) {
        Some(debit) if test_accounts::is_iban(&iban) => {
            return Ok(chosen("sepa_debit", in_sepa(&iban), debit));
        }
        _ if test_accounts::is_iban(&iban) => "This is not a test IBAN.",
        _ => "This IBAN is not valid.",
    };
    Err(refusal("invalid_bank_account_iban", message, &name))
}

fn refusal(code: &str, message: &str, param: &str) -> Error {
    Error::invalid(message).code(code).param(param)
}

fn chosen(kind: &str, details: Value, debit: Debit) -> Chosen {
    Chosen {
        object: shape(kind, details),
        behaviour: Behaviour::Debited(debit),
    }
}

fn in_the_us(number: &str) -> Value {
    json!({
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": null,
        "fingerprint": ids::short(""),
        "last4": last_four(number),
        "networks": { "preferred": "ach", "supported": ["ach"] },
        "routing_number": ROUTING_NUMBER,
        "status_details": null,
    })
}

fn in_sepa(iban: &str) -> Value {
    json!({
        "bank_code": iban.get(4..9),
        "branch_code": null,
        "country": iban.get(..2),
        "fingerprint": ids::short(""),
        "generated_from": { "charge": null, "setup_attempt": null },
        "last4": last_four(iban),
    })
}

fn last_four(number: &str) -> &str {
    &number[number.len().saturating_sub(4)..]
}
