//! An e-mail address. It is never logged.

use std::fmt;

/// The longest address that can be delivered to, in characters.
const LONGEST: usize = 254;

/// An e-mail address. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// The text is not an e-mail address. The error does not contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// Reads an address; checks its form, not that it is read.
    ///
    /// # Errors
    ///
    /// [`InvalidEmail`] when `text` does not have the form of an address.
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let is_plain = |part: &str| {
            !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        match text.rsplit_once('@') {
            Some((mailbox, domain))
                if text.chars().count() <= LONGEST && is_plain(mailbox) && is_plain(domain) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(InvalidEmail),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_form_of_an_address_is_one_and_is_not_printed() {
        for text in [
            "ada@example.com",
            "a+b@c",
            "\"a@b\"@example.com",
            "ä@ö.example",
        ] {
            let email = Email::parse(text).unwrap();
            assert_eq!(email.as_str(), text);
            assert_eq!(format!("{email:?}"), "[REDACTED]");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a da@b.c",
            "a@b\n.c",
            &long,
        ] {
            assert_eq!(Email::parse(text), Err(InvalidEmail), "{text:?}");
        }
    }
}
