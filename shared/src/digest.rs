//! Names derived from contents: the same parts always give the same name.

use aws_lc_rs::digest::{Context, SHA256};

/// Lower-case hexadecimal SHA-256 over `parts`, each preceded by its length, so that
/// `["ab", "c"]` and `["a", "bc"]` differ. Always 64 characters.
pub(crate) fn hex(parts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut text = String::with_capacity(64);
    for byte in context.finish().as_ref() {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn the_split_between_parts_counts() {
        assert_ne!(hex(&["ab", "c"]), hex(&["a", "bc"]));
        assert_eq!(hex(&["ab", "c"]), hex(&["ab", "c"]));
        assert_eq!(hex(&[]).len(), 64);
    }
}
