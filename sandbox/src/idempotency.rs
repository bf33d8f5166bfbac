//! Idempotency keys: saves the first response, and replays it for a retry of the same request.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{error::Error, response::Response};

/// In characters.
const MAX_LENGTH: usize = 255;

/// A caller's key, separate for each account.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    account: String,
    text: String,
}

/// The number of saved responses; beyond it, the oldest keys are deleted.
const MAX_SAVED: usize = 5_000;

/// All keys in use or saved.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    entries: HashMap<Key, Entry>,
    /// The keys with a saved response, each once; the oldest first.
    saved: VecDeque<Key>,
    forgotten: usize,
}

#[derive(Debug)]
struct Entry {
    path: String,
    /// Of the parameters, as parsed.
    digest: [u8; 32],
    /// `None` while the first request executes.
    response: Option<Response>,
}

/// The result of a claim.
#[derive(Debug)]
pub(crate) enum Claim {
    /// A new key: execute the request, then call [`Keys::finish`].
    Execute,
    /// Executed before; this is the saved response.
    Replay(Response),
}

impl Key {
    /// Checks a key's length.
    pub(crate) fn parse(account: &str, text: &str) -> Result<Self, Error> {
        if text.len() > MAX_LENGTH {
            let message = format!("An idempotency key has at most {MAX_LENGTH} characters.");
            return Err(Error::idempotency(400, &message));
        }
        let (account, text) = (account.to_owned(), text.to_owned());
        Ok(Self { account, text })
    }
}

impl Keys {
    /// Claims a key for one request; compares the parsed parameters.
    pub(crate) fn claim(&mut self, key: &Key, path: &str, params: &Value) -> Result<Claim, Error> {
        let digest = Sha256::digest(params.to_string()).into();
        let Some(entry) = self.entries.get(key) else {
            let entry = Entry {
                path: path.to_owned(),
                digest,
                response: None,
            };
            self.entries.insert(key.clone(), entry);
            return Ok(Claim::Execute);
        };
        let Some(response) = &entry.response else {
            let message = "Another request with this idempotency key is still executing.";
            return Err(Error::idempotency(409, message).code("idempotency_key_in_use"));
        };
        if entry.path != path || entry.digest != digest {
            let message =
                "This idempotency key was used with another path or other parameters before.";
            return Err(Error::idempotency(400, message));
        }
        Ok(Claim::Replay(response.clone()))
    }

    /// Ends a claim: with the response to replay, or without one, which frees the key.
    pub(crate) fn finish(&mut self, key: &Key, response: Option<Response>) {
        match (response, self.entries.get_mut(key)) {
            (Some(response), Some(entry)) => {
                entry.response = Some(response);
                self.saved.push_back(key.clone());
            }
            (None, _) => drop(self.entries.remove(key)),
            (Some(_), None) => {}
        }
        while self.saved.len() > MAX_SAVED
            && let Some(oldest) = self.saved.pop_front()
        {
            self.entries.remove(&oldest);
            self.forgotten += 1;
        }
    }

    /// The number of saved responses, and of those deleted for the limit.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.saved.len(), self.forgotten)
    }

    /// Deletes every key that is not executing, as Stripe does after a day.
    pub(crate) fn forget(&mut self) {
        self.entries.retain(|_, entry| entry.response.is_none());
        self.saved.clear();
    }
}
