//! Parses the form of the payment page into a payment method.

use serde_json::{Value, json};

use super::{
    field::{FormValues, alert, fieldset, input, shop_text},
    plan, questions,
};
use crate::{
    error::Error,
    objects::{
        checkout_session,
        payment_method::{self, Chosen},
    },
    page::escape,
    params::Params,
    state::State,
    store::{number, text},
};

/// The payment method that the form describes.
pub(super) fn method(state: &State, session: &Value, form: Value) -> Result<Chosen, Error> {
    let said = |field: &str| text(&form, field).trim().to_owned();
    let kinds = session["payment_method_types"].as_array();
    let only = kinds
        .and_then(|kinds| kinds.first())
        .and_then(Value::as_str);
    let kind = match said("method") {
        kind if kind.is_empty() => only.unwrap_or("card").to_owned(),
        kind => kind,
    };
    let payer = &session["customer_details"];
    check_email(session, &form)?;
    if said("name").is_empty() {
        return Err(problem("Enter your name."));
    }
    let details = match kind.as_str() {
        "us_bank_account" => json!({
            "account_number": required(said("account_number"), "Enter the account number.")?,
            "routing_number": required(said("routing_number"), "Enter the routing number.")?,
        }),
        "sepa_debit" => json!({ "iban": required(said("iban"), "Enter the IBAN.")? }),
        _ => card(&said)?,
    };
    let mut data = json!({
        "type": kind,
        "billing_details": { "email": payer["email"], "name": payer["name"] },
    });
    data[&kind] = details;
    payment_method::read(state, Params::new(data))
}

/// Rejects a payment, or an order that costs nothing, without the payer's e-mail address.
pub(super) fn check_email(session: &Value, form: &Value) -> Result<(), Error> {
    match text(&session["customer_details"], "email") {
        "" => Err(problem("Enter your e-mail address.")),
        _ if form["email"] == "" => Err(problem("Enter your e-mail address.")),
        _ => Ok(()),
    }
}

fn card(said: &impl Fn(&str) -> String) -> Result<Value, Error> {
    let expiry = said("expiry");
    let (month, year) = expiry
        .split_once('/')
        .ok_or_else(|| problem("Enter the expiry as month/year, for example 12/34."))?;
    Ok(json!({
        "number": required(said("number"), "Enter the card number.")?,
        "exp_month": month.trim(),
        "exp_year": year.trim(),
        "cvc": required(said("cvc"), "Enter the security code.")?,
    }))
}

/// The card that a form describes.
pub(in crate::hosted) fn new_card(state: &State, form: &Value) -> Result<Chosen, Error> {
    let card = card(&|field: &str| text(form, field).trim().to_owned())?;
    let data = json!({ "type": "card", "card": card });
    payment_method::read(state, Params::new(data))
}

/// The fields of a card.
pub(in crate::hosted) fn card_fields() -> String {
    group("card")
}

fn required(text: String, otherwise: &str) -> Result<String, Error> {
    match text.is_empty() {
        true => Err(problem(otherwise)),
        false => Ok(text),
    }
}

fn problem(message: &str) -> Error {
    Error::invalid(message)
}

/// The form, with the error of the last attempt.
pub(super) fn html(
    session: &Value,
    total: &str,
    problem: Option<&str>,
    values: &FormValues,
) -> String {
    let free = number(session, "amount_total") == 0;
    let methods = match checkout_session::needs_method(session) {
        false => String::new(),
        true => methods(session, values),
    };
    let label = match text(session, "submit_type") {
        _ if session["mode"] == "subscription" => plan::button(session).to_owned(),
        _ if free => "Complete the order".to_owned(),
        "book" => format!("Book {total}"),
        "donate" => format!("Donate {total}"),
        _ => format!("Pay {total}"),
    };
    format!(
        "<form method=\"post\" action=\"/c/pay/{}\" aria-label=\"Payment\">{}{}{}{methods}{}\
         <input type=\"hidden\" name=\"expected_amount\" value=\"{}\">\
         <button>{label}</button>{}</form>",
        escape(text(session, "id")),
        alert(problem),
        you(session, values),
        questions::html(session, values),
        shop_text(session, "submit"),
        number(session, "amount_total"),
        shop_text(session, "after_submit"),
    )
}

/// The payer's contact fields.
fn you(session: &Value, values: &FormValues) -> String {
    let held = &session["customer_details"];
    let fixed = !session["customer_email"].is_null() || !session["customer"].is_null();
    let email = match text(held, "email") {
        known if fixed && !known.is_empty() => format!("<p class=\"soft\">{}</p>", escape(known)),
        _ => input(
            "email",
            "E-mail",
            values.or("email", &held["email"]),
            "type=\"email\" autocomplete=\"email\"",
        ),
    };
    let name = values.or("name", &held["name"]);
    let name = input("name", "Name", name, "autocomplete=\"name\"");
    let phone = match session["phone_number_collection"]["enabled"] == true {
        true => input(
            "phone",
            "Phone number",
            values.or("phone", &held["phone"]),
            "type=\"tel\" autocomplete=\"tel\"",
        ),
        false => String::new(),
    };
    fieldset("You", &[email, name, phone].concat())
}

fn methods(session: &Value, values: &FormValues) -> String {
    let kinds = session["payment_method_types"].as_array();
    let kinds: Vec<&str> = kinds
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let chosen = values.get("method").filter(|method| kinds.contains(method));
    let chosen = chosen.or(kinds.first().copied()).unwrap_or("card");
    let groups: String = kinds.iter().map(|kind| group(kind)).collect();
    choices(&kinds, chosen) + &groups
}

fn choices(kinds: &[&str], chosen: &str) -> String {
    if kinds.len() < 2 {
        return String::new();
    }
    let choice = |kind: &&str| {
        let (label, checked) = (label(kind), if *kind == chosen { " checked" } else { "" });
        format!(
            "<label class=\"choice\" for=\"by-{kind}\"><input type=\"radio\" id=\"by-{kind}\" \
             name=\"method\" value=\"{kind}\"{checked}> {label}</label>"
        )
    };
    let choices: String = kinds.iter().map(choice).collect();
    format!("<fieldset><legend>Pay with</legend>{choices}</fieldset>")
}

fn label(kind: &str) -> &'static str {
    match kind {
        "us_bank_account" => "US bank account",
        "sepa_debit" => "SEPA debit",
        _ => "Card",
    }
}

fn group(kind: &str) -> String {
    const DIGITS: &str = "inputmode=\"numeric\"";
    let fields = match kind {
        "us_bank_account" => {
            input("routing_number", "Routing number", "", DIGITS)
                + &input("account_number", "Account number", "", DIGITS)
        }
        "sepa_debit" => input("iban", "IBAN", "", ""),
        _ => {
            let number =
                format!("{DIGITS} autocomplete=\"cc-number\" placeholder=\"1234 1234 1234 1234\"");
            let expiry = format!("{DIGITS} autocomplete=\"cc-exp\" placeholder=\"MM/YY\"");
            let cvc = format!("{DIGITS} autocomplete=\"cc-csc\" placeholder=\"123\"");
            format!(
                "{}<div class=\"pair\"><div>{}</div><div>{}</div></div>",
                input("number", "Card number", "", &number),
                input("expiry", "Expiry", "", &expiry),
                input("cvc", "Security code", "", &cvc),
            )
        }
    };
    let (label, numbers) = (label(kind), test_numbers(kind));
    format!("<fieldset class=\"{kind}\"><legend>{label}</legend>{fields}{numbers}</fieldset>")
}

/// Test numbers and their effects.
fn test_numbers(kind: &str) -> String {
    let numbers: &[(&str, &str)] = match kind {
        "us_bank_account" => &[
            ("110000000", "the routing number"),
            ("000123456789", "pays later"),
            ("000222222227", "fails later"),
        ],
        "sepa_debit" => &[
            ("AT611904300234573201", "pays later"),
            ("AT861904300235473202", "fails later"),
        ],
        _ => &[
            ("4242 4242 4242 4242", "pays"),
            ("4000 0000 0000 0002", "is declined"),
            ("4000 0000 0000 3220", "requires 3-D Secure"),
        ],
    };
    let numbers: String = numbers
        .iter()
        .map(|(number, what)| format!("<dt><code>{number}</code></dt><dd>{what}</dd>"))
        .collect();
    format!("<details><summary>Test numbers</summary><dl>{numbers}</dl></details>")
}
