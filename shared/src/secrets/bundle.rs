//! The contents of the secret: one JSON object of strings, with the names of the variables. Pure.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;

use super::{Keys, Wanted, unreadable::Fault};
use crate::env::Reader;

/// A version of the secret.
pub(super) struct Bundle {
    pub(super) text: SecretString,
    /// AWS's id of this version.
    pub(super) version: Option<String>,
}

/// The keys `wanted`, all required ones among them; other contents are ignored.
///
/// # Errors
///
/// [`Fault::Malformed`] names all faults, and shows no value.
pub(super) fn keys(text: &SecretString, wanted: &Wanted) -> Result<Keys, Fault> {
    // The parser's own message is dropped: it may quote the contents.
    let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text.expose_secret())
    else {
        return Err(Fault::Malformed(
            "it does not hold a JSON object".to_owned(),
        ));
    };
    let field = |name: &str| fields.get(name).map(|value| value.get());
    let string = |name: &str| -> Option<String> {
        let is_wanted = wanted.includes(name);
        serde_json::from_str(field(name).filter(|_| is_wanted)?).ok()
    };
    let mut read = Reader::new(&string);
    let keys = Keys::read(&mut read, wanted.stripe).with_database(&mut read);
    for name in wanted.needed.iter().chain(&wanted.optional).copied() {
        match field(name) {
            Some(_) if !read.is_set(name) => read.problem(name, "is not a string"),
            None if wanted.optional.contains(&name) => {}
            _ => read.require(name),
        }
    }
    read.finish(keys)
        .map_err(|error| Fault::malformed(error.problems()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Address;

    fn wanted(needed: &[&'static str], optional: &[&'static str]) -> Wanted {
        let [needed, optional] = [needed, optional].map(<[_]>::to_vec);
        let stripe = Address::Stripes;
        Wanted {
            needed,
            optional,
            stripe,
        }
    }

    fn complaint(text: &str) -> String {
        let wanted = wanted(&["STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY"], &[]);
        let Err(Fault::Malformed(said)) = keys(&SecretString::from(text), &wanted) else {
            panic!("it was accepted")
        };
        said
    }

    #[test]
    fn only_the_keys_that_are_wanted_are_held() {
        let text = r#"{"STRIPE_SECRET_KEY":"rk_test_a","STRIPE_WEBHOOK_SECRET":"whsec_b",
            "FAREBOX_SITE_KEY":7,"x":{}}"#;

        let wanted = wanted(&["STRIPE_SECRET_KEY"], &[]);
        let keys = keys(&SecretString::from(text), &wanted).unwrap();

        assert_eq!(
            keys.stripe_secret_key().unwrap().expose_secret(),
            "rk_test_a"
        );
        assert!(keys.stripe_webhook_secrets().is_err());
        assert!(keys.site_key().is_err());
    }

    #[test]
    fn an_optional_key_is_held_where_it_is_there_and_is_not_demanded() {
        let wanted = wanted(&[], &["FAREBOX_SITE_KEY"]);
        let read = |text: &str| keys(&SecretString::from(text), &wanted);
        let key = "0123456789".repeat(4);

        let with = read(&format!(r#"{{"FAREBOX_SITE_KEY":"{key}"}}"#)).unwrap();
        assert_eq!(with.site_key().unwrap().expose_secret(), key);
        assert!(read("{}").unwrap().site_key().is_err());
        for wrong in ["7", "null", "\"short\"", "\"\""] {
            assert!(
                read(&format!(r#"{{"FAREBOX_SITE_KEY":{wrong}}}"#)).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_refused_and_not_quoted() {
        for text in [
            "",
            "rk_test_hunter2",
            "\"rk_test_hunter2\"",
            "[\"rk_test_hunter2\"]",
            "{\"STRIPE_SECRET_KEY\":\"rk_test_hunter2\"",
            "{\"STRIPE_SECRET_KEY\":rk_test_hunter2}",
            "null",
        ] {
            let said = complaint(text);
            assert!(said.contains("JSON object"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn one_message_names_every_key_that_is_wrong_and_shows_no_value() {
        let cases = [
            (
                r#"{"STRIPE_SECRET_KEY":"pk_test_hunter2"}"#,
                "holds a publishable key",
                "STRIPE_PUBLISHABLE_KEY is not set",
            ),
            (
                r#"{"STRIPE_SECRET_KEY":["hunter2"],"STRIPE_PUBLISHABLE_KEY":null}"#,
                "STRIPE_SECRET_KEY is not a string",
                "STRIPE_PUBLISHABLE_KEY is not a string",
            ),
            (
                r#"{"STRIPE_SECRET_KEY":" ","STRIPE_PUBLISHABLE_KEY":"pk_test_hunter2 "}"#,
                "STRIPE_SECRET_KEY is blank",
                "STRIPE_PUBLISHABLE_KEY begins or ends with white space",
            ),
            (
                r#"{"STRIPE_SECRET_KEY":"sk_test_hunter2","STRIPE_PUBLISHABLE_KEY":"pk_live_hunter2"}"#,
                "STRIPE_PUBLISHABLE_KEY is of another mode",
                "both must be",
            ),
        ];
        for (text, one, other) in cases {
            let said = complaint(text);
            assert!(said.contains(one) && said.contains(other), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
