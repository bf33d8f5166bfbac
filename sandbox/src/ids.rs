//! Ids in Stripe's format.

/// A new long id, for example `pi_3` and 23 random characters.
pub(crate) fn long(prefix: &str) -> String {
    random(prefix, 23)
}

/// A new short id, for example `req_` and 14 random characters.
pub(crate) fn short(prefix: &str) -> String {
    random(prefix, 14)
}

/// A new unguessable id, for example `cs_test_a1` and 56 random characters.
pub(crate) fn secret(prefix: &str) -> String {
    random(prefix, 56)
}

/// A new code that people can type, for example `B7K2M9QX`.
pub(crate) fn code() -> String {
    short("").to_uppercase().chars().take(8).collect()
}

fn random(prefix: &str, length: usize) -> String {
    let tail = std::iter::repeat_with(fastrand::alphanumeric).take(length);
    prefix.chars().chain(tail).collect()
}
