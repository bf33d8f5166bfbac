//! What Stripe gives for one caller's browser alone.

use std::fmt;

use serde::Serialize;

/// A text by which whoever has it can act: it is decoded and answered as it is, and never printed.
#[derive(Clone, PartialEq, Eq, Serialize)]
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
