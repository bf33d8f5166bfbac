//! The types of Stripe events to forward.

/// The types of Stripe events to forward unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForwardedEvents(Vec<String>);

impl ForwardedEvents {
    /// Reads comma-separated types such as `customer.created`, with `*` for a common prefix.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let patterns: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).collect();
        let fits = |pattern: &String| {
            let stem = pattern.strip_suffix('*').unwrap_or(pattern);
            !pattern.is_empty()
                && stem
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b))
        };
        if patterns.iter().all(fits) {
            return Ok(Self(patterns));
        }
        Err(
            "must be types of Stripe's events, comma-separated, such as \
             `customer.created,invoice.*`",
        )
    }

    /// Returns true when Farebox forwards no type.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns true when Farebox forwards events of type `kind`.
    #[must_use]
    pub fn include(&self, kind: &str) -> bool {
        self.0
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(stem) => kind.starts_with(stem),
                None => kind == pattern,
            })
    }
}
