//! Names derived from contents: the same parts always give the same name.

use aws_lc_rs::{
    digest::{Context, SHA256},
    hmac,
};

/// Lower-case hexadecimal SHA-256 over `parts`, each preceded by its length, so that
/// `["ab", "c"]` and `["a", "bc"]` differ. Always 64 characters.
pub(crate) fn hex(parts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&length(part));
        context.update(part.as_bytes());
    }
    hex::encode(context.finish())
}

/// As [`hex`], by HMAC under `key`: without the key, nobody can guess the parts from a name.
pub(crate) fn keyed(key: &[u8], parts: &[&str]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(&length(part));
        context.update(part.as_bytes());
    }
    hex::encode(context.sign())
}

fn length(part: &str) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::{hex, keyed};

    #[test]
    fn the_split_between_parts_counts() {
        assert_ne!(hex(&["ab", "c"]), hex(&["a", "bc"]));
        assert_eq!(hex(&["ab", "c"]), hex(&["ab", "c"]));
        assert_eq!(hex(&[]).len(), 64);
        assert_ne!(keyed(b"k", &["ab", "c"]), keyed(b"k", &["a", "bc"]));
    }

    #[test]
    fn a_name_under_another_key_is_another() {
        assert_eq!(keyed(b"one", &["a"]), keyed(b"one", &["a"]));
        assert_ne!(keyed(b"one", &["a"]), keyed(b"other", &["a"]));
        assert_ne!(keyed(b"", &["a"]), hex(&["a"]));
    }
}
