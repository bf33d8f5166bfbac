//! Signs requests by AWS's Signature Version 4
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
//!
//! The signing key is derived from the secret one by four HMACs, and is valid for a day, so it is
//! cached.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use aws_credential_types::Credentials;
use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac::{self, HMAC_SHA256, Key},
};

/// Signs for one service in one region.
pub(super) struct Signer {
    region: String,
    service: &'static str,
    derived: RwLock<Option<Arc<Derived>>>,
}

/// A signing key, and its validity.
struct Derived {
    credentials: Credentials,
    day: String,
    key: Key,
}

/// The signed parts of a `POST` to the path `/`.
pub(super) struct Signable<'a> {
    /// Their names in lower case and in alphabetical order, their values without spaces around
    /// them.
    pub(super) headers: &'a [(&'a str, &'a str)],
    pub(super) body: &'a [u8],
    /// Such as `20150830T123600Z`; the header `x-amz-date`, too.
    pub(super) time: &'a str,
}

impl Signer {
    pub(super) fn new(region: String, service: &'static str) -> Self {
        Self {
            region,
            service,
            derived: RwLock::default(),
        }
    }

    /// The header `authorization` of a request.
    pub(super) fn authorization(
        &self,
        credentials: &Credentials,
        request: &Signable<'_>,
    ) -> String {
        let (day, _) = request.time.split_once('T').unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let mut canonical = "POST\n/\n\n".to_owned();
        for (name, value) in request.headers {
            canonical.extend([name, ":", value, "\n"]);
        }
        canonical.extend(["\n", &names, "\n", &sha256(request.body)]);
        let time = request.time;
        let text = format!(
            "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
            sha256(canonical.as_bytes())
        );
        let derived = self.derived(credentials, day);
        let signature = hex::encode(hmac::sign(&derived.key, text.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            credentials.access_key_id()
        )
    }

    /// The key for `day`: the cached one, or a new one.
    fn derived(&self, credentials: &Credentials, day: &str) -> Arc<Derived> {
        let kept = self.derived.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref()
            && kept.day == day
            && kept.credentials == *credentials
        {
            return Arc::clone(kept);
        }
        drop(kept);
        let first = format!("AWS4{}", credentials.secret_access_key());
        let steps = [day, &self.region, self.service, "aws4_request"];
        let key = |bytes: &[u8]| Key::new(HMAC_SHA256, bytes);
        let key = steps.iter().fold(key(first.as_bytes()), |last, step| {
            key(hmac::sign(&last, step.as_bytes()).as_ref())
        });
        let derived = Arc::new(Derived {
            credentials: credentials.clone(),
            day: day.to_owned(),
            key,
        });
        let mut kept = self.derived.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(Arc::clone(&derived));
        derived
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("region", &self.region)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
