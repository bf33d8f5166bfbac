//! Idempotency keys: the first answer is kept, and replayed to whoever asks the same again.

use std::collections::HashMap;

use serde_json::Value;

use crate::{answer::Answer, error::Error};

const LONGEST: usize = 255;

/// A caller's key; every account has its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    account: String,
    text: String,
}

/// All keys in use or remembered.
#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<Key, Entry>);

#[derive(Debug)]
struct Entry {
    path: String,
    params: Value,
    /// `None` while the first request executes.
    answer: Option<Answer>,
}

/// What a key means for the request that brings it.
#[derive(Debug)]
pub(crate) enum Claim {
    /// The first of its kind: execute it, then [`Keys::settle`].
    Execute,
    /// Executed before: this was the answer.
    Replay(Answer),
}

impl Key {
    /// Checks a key's length.
    pub(crate) fn parse(account: &str, text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            let message = format!("An idempotency key has at most {LONGEST} characters.");
            return Err(Error::idempotency(400, &message));
        }
        let (account, text) = (account.to_owned(), text.to_owned());
        Ok(Self { account, text })
    }
}

impl Keys {
    /// Claims a key for one request; the parameters are compared as parsed.
    pub(crate) fn claim(&mut self, key: &Key, path: &str, params: &Value) -> Result<Claim, Error> {
        let Some(entry) = self.0.get(key) else {
            let (path, params) = (path.to_owned(), params.clone());
            self.0.insert(
                key.clone(),
                Entry {
                    path,
                    params,
                    answer: None,
                },
            );
            return Ok(Claim::Execute);
        };
        let Some(answer) = &entry.answer else {
            let message = "Another request with this idempotency key is still executing.";
            return Err(Error::idempotency(409, message).code("idempotency_key_in_use"));
        };
        if entry.path != path || entry.params != *params {
            let message = "This idempotency key came with another path or other parameters before.";
            return Err(Error::idempotency(400, message));
        }
        Ok(Claim::Replay(answer.clone()))
    }

    /// Ends a claim: with the answer to replay, or without one, which frees the key.
    pub(crate) fn settle(&mut self, key: &Key, answer: Option<Answer>) {
        match (answer, self.0.get_mut(key)) {
            (Some(answer), Some(entry)) => entry.answer = Some(answer),
            (None, _) => drop(self.0.remove(key)),
            (Some(_), None) => {}
        }
    }

    /// Forgets every key that is not executing, as Stripe does after a day.
    pub(crate) fn forget(&mut self) {
        self.0.retain(|_, entry| entry.answer.is_none());
    }
}
