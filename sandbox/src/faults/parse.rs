//! Parses a fault from the control plane's parameters.

use std::time::Duration;

use super::{Fault, Kind};
use crate::{error::Error, params::Params};

const KINDS: &[(&str, Kind)] = &[
    ("latency", Kind::Latency(Duration::ZERO)),
    ("rate_limit", Kind::RateLimit),
    ("error", Kind::Error),
    ("bad_gateway", Kind::BadGateway),
    ("empty", Kind::Empty),
    ("truncated", Kind::Truncated),
    ("reset", Kind::Reset),
    ("hang", Kind::Hang),
    ("lost_answer", Kind::LostAnswer),
    ("incomplete_decline", Kind::IncompleteDecline),
    ("unauthorized", Kind::Unauthorized),
    ("restricted", Kind::Restricted),
    ("wrong_amount", Kind::WrongAmount),
    ("error_after", Kind::ErrorAfter),
];

impl Fault {
    /// Parses `kind`, `ms`, `method`, `path_prefix`, `times`, `retry_after`, `stripe_should_retry`
    /// and `stored`.
    pub(crate) fn parse(mut params: Params) -> Result<Self, Error> {
        let mut fault = Self::new(kind(&mut params)?);
        fault.method = params.text("method")?;
        fault.path_prefix = params.text("path_prefix")?;
        fault.times = natural(&mut params, "times")?
            .map_or(Ok(1), u32::try_from)
            .unwrap_or(0);
        fault.retry_after = natural(&mut params, "retry_after")?;
        fault.should_retry = params.flag("stripe_should_retry")?;
        fault.stored = params.flag("stored")?.unwrap_or(fault.is_executed());
        params.finish()?;
        Ok(fault)
    }
}

fn kind(params: &mut Params) -> Result<Kind, Error> {
    let words: Vec<&str> = KINDS.iter().map(|(word, _)| *word).collect();
    let word = params
        .choice("kind", &words)?
        .ok_or_else(|| params.missing("kind"))?;
    if word == "latency" {
        let ms = natural(params, "ms")?.ok_or_else(|| params.missing("ms"))?;
        return Ok(Kind::Latency(Duration::from_millis(ms)));
    }
    let found = KINDS.iter().find(|(known, _)| *known == word);
    found
        .map(|(_, kind)| *kind)
        .ok_or_else(|| params.missing("kind"))
}

fn natural(params: &mut Params, name: &str) -> Result<Option<u64>, Error> {
    let Some(number) = params.integer(name)? else {
        return Ok(None);
    };
    u64::try_from(number).map(Some).map_err(|_| {
        let message = format!("{name} cannot be negative.");
        Error::invalid(&message).param(name)
    })
}
