//! A text from Stripe that is for one caller's browser alone.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text that grants its holder access: it is decoded and returned unchanged, and never printed.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Redacted(String);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl miniserde::Deserialize for Redacted {
    fn begin(out: &mut Option<Self>) -> &mut dyn miniserde::de::Visitor {
        miniserde::make_place!(Place);

        impl miniserde::de::Visitor for Place<Redacted> {
            fn string(&mut self, text: &str) -> miniserde::Result<()> {
                self.out = Some(Redacted(text.to_owned()));
                Ok(())
            }
        }

        Place::new(out)
    }
}
