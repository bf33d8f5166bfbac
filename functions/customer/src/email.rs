//! E-mail addresses as staff see them: enough to compare with a customer's own words on the
//! telephone, and too little to write to.

/// The mask for each hidden part, of any length.
const HIDDEN: &str = "***";

/// The first letter of the mailbox and of the domain, and the top-level domain: `a***@e***.com`. A
/// part of one letter is hidden whole, and so is a text that is not an address.
pub(crate) fn masked(email: &str) -> String {
    let Some((mailbox, domain)) = email.rsplit_once('@') else {
        return HIDDEN.to_owned();
    };
    let (name, last) = match domain.rsplit_once('.') {
        Some((name, last)) if is_plain(last) => (name, format!(".{last}")),
        _ => (domain, String::new()),
    };
    format!("{}@{}{last}", first(mailbox), first(name))
}

/// The first letter, if it is one and not the whole text.
fn first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(_)) if first.is_alphanumeric() => format!("{first}{HIDDEN}"),
        _ => HIDDEN.to_owned(),
    }
}

/// True when `last` looks like a top-level domain, and not like a name.
fn is_plain(last: &str) -> bool {
    (2..=12).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn the_first_letters_and_the_last_part_are_shown() {
        assert_eq!(masked("ada@example.com"), "a***@e***.com");
        assert_eq!(
            masked("ada.lovelace+shop@mail.example.org"),
            "a***@m***.org"
        );
        assert_eq!(masked("Ünal@example.de"), "Ü***@e***.de");
        assert_eq!(masked("7up@123.com"), "7***@1***.com");
    }

    #[test]
    fn an_odd_address_shows_no_more() {
        let cases = [
            ("", "***"),
            ("ada", "***"),
            ("@", "***@***"),
            ("a@b", "***@***"),
            ("a@example.com", "***@e***.com"),
            ("@example.com", "***@e***.com"),
            ("ada@", "a***@***"),
            ("ada@.com", "a***@***.com"),
            ("ada@localhost", "a***@l***"),
            ("ada@x.com", "a***@***.com"),
            ("ada@[192.0.2.1]", "a***@***"),
            ("ada@example.", "a***@e***"),
            ("ada@example.c0m", "a***@e***"),
            ("\"ada lovelace\"@example.com", "***@e***.com"),
            ("ada@home@example.com", "a***@e***.com"),
            ("ada@example.averyveryverylongname", "a***@e***"),
            ("\u{202e}ada@example.com", "***@e***.com"),
            ("ada@example.com\n", "a***@e***"),
        ];
        for (email, expected) in cases {
            assert_eq!(masked(email), expected, "{email:?}");
        }
    }
}
