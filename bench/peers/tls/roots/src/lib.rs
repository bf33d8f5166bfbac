//! The benchmark's own certificate as the trust anchor. `BENCH_TLS` is its folder.

use rustls_pki_types::{Der, TrustAnchor};

const SUBJECT: &[u8] = include_bytes!(concat!(env!("BENCH_TLS"), "/subject.der"));
const PUBLIC_KEY: &[u8] = include_bytes!(concat!(env!("BENCH_TLS"), "/spki.der"));

/// The trust anchors.
pub const TLS_SERVER_ROOTS: &[TrustAnchor<'static>] = &[TrustAnchor {
    subject: Der::from_slice(SUBJECT),
    subject_public_key_info: Der::from_slice(PUBLIC_KEY),
    name_constraints: None,
}];
